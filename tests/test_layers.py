"""Imports point one way, heavy parts stay in their rooms, and help loads nothing heavy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "assistant"

# A module imports only from modules to its left.
ORDER = (
    "errors", "config", "files", "records", "terms", "sentences", "markup", "lexicon", "neutral", "gguf", "download",
    "local_models", "model_catalogue", "models", "onnx", "readers", "identity", "filters", "topics", "conditions",
    "facets", "citekeys", "merging", "schema", "fulltext", "library", "sessions", "chunks", "embed", "store", "ingest",
    "doctor", "check", "recast", "rerank", "retrieve", "select", "prompts", "decoding", "generate", "judge", "premise",
    "wording", "capable", "followup", "aspects", "polarity", "answer", "render", "export", "themes", "section",
    "evidence", "plan", "lock", "tell", "draft", "testing", "eval", "chat", "cli", "__main__", "training",
)  # fmt: skip

# Each heavy dependency lives in one module.
ROOMS = {
    "chromadb": {"store"},
    "llama_cpp": {"generate"},
    "onnxruntime": {"onnx"},
    "langchain_text_splitters": {"chunks"},
    "tokenizers": {"embed"},
    "safetensors": {"embed"},
    "prompt_toolkit": {"chat"},
}


def modules() -> list[tuple[str, Path]]:
    """Return each file of the package with the room that it belongs to."""
    files = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "_data"]
    return [(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path) for path in files]


def imported(path: Path) -> set[tuple[str, ...]]:
    """Return the dotted names that a file imports, wherever in it."""
    names: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            base = tuple(node.module.split("."))
            names |= {(*base, alias.name) if base == ("assistant",) else base for alias in node.names}
    return names


def test_every_module_has_a_place_in_the_order() -> None:
    """The order names every room of the package, and no other."""
    assert {room for room, _ in modules()} - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("path", [pytest.param((r, p), id=str(p.relative_to(PACKAGE))) for r, p in modules()])
def test_imports_point_one_way(path: tuple[str, Path]) -> None:
    """No file imports from a room to its right."""
    room, file = path
    if room == "__init__":
        return
    for name in imported(file):
        if name[0] != "assistant" or len(name) == 1 or name[1] not in ORDER:
            continue
        assert ORDER.index(name[1]) <= ORDER.index(room), f"{room} imports {name[1]}"


@pytest.mark.parametrize(("package", "rooms"), ROOMS.items())
def test_heavy_dependencies_stay_in_one_room(package: str, rooms: set[str]) -> None:
    """A heavy dependency is imported in one module only (training tools aside)."""
    users = {room for room, path in modules() if any(name[0] == package for name in imported(path))}
    assert users - {"training"} == rooms


def test_help_imports_nothing_heavy() -> None:
    """`assistant --help` loads no model engine, no store, no arrays and no data models."""
    heavy = ["chromadb", "llama_cpp", "onnxruntime", "numpy", "pydantic", "tokenizers", "langchain_text_splitters",
        "prompt_toolkit",
    ]  # fmt: skip
    code = (
        "import sys\nfrom assistant.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "ask" in done.stdout


def test_help_imports_little_beside_typer() -> None:
    """`assistant --help` imports at most twice the modules that `import typer` does, most of its time."""
    count = "import sys; print(len(sys.modules), file=sys.stderr)"
    typer = f"import typer; {count}"
    ours = (
        f"import sys\nfrom assistant.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n{count}"
    )
    counted = [
        int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr)
        for code in (typer, ours)
    ]
    assert counted[1] <= 2 * counted[0]
