"""Coverage-guided fuzzing of the readers, a longer run beside `test_fuzz_readers.py`; not part of the tests.

    pip install -e '.[fuzz]'
    python -m tests.fuzz_atheris [CORPUS_FOLDER] -max_total_time=600

It starts from the fixture exports, and holds each mutation to what the tests hold theirs to: no crash, no hang, no
unbounded memory, problems reported. What fails is written to a file `crash-…`; give that file as the argument to see
it again. Further options are libFuzzer's (`-help=1`).
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["assistant.readers"]):
    from tests.test_fuzz_readers import FIXTURES, TOKENS, read_all


def main() -> None:
    """Fuzz until the time is over or something fails."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in FIXTURES.items():
            (Path(folder) / name).write_bytes(data)
        words = Path(folder) / "tokens.dict"
        words.write_text("".join(f'"{_escaped(token)}"\n' for token in TOKENS if len(token) < 64), encoding="ascii")
        given = sys.argv[1:] if any(not word.startswith("-") for word in sys.argv[1:]) else [folder, *sys.argv[1:]]
        atheris.Setup([sys.argv[0], *given, f"-dict={words}", "-max_len=65536", "-rss_limit_mb=2048"], read_all)
        atheris.Fuzz()


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    main()
