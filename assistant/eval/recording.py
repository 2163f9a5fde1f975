"""What a run of the evaluation leaves: the record of how to repeat it, and a journal to go on from when it is cut."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant import __version__, prompts
from assistant.config import data_path
from assistant.records import AnswerPath, Frozen, ModelId


class Machine(Frozen):
    """Where a run took place; speeds mean nothing without it."""

    system: str
    processor: str
    cores: int
    python: str


class RunRecord(Frozen):
    """How to repeat a run."""

    version: str
    """Of the program."""
    commit: str | None
    """The checkout's commit, with `-dirty` where files differ from it; None away from a checkout."""
    code: str
    """sha256 over the package's files, the weights that it ships and the prompts."""
    prompts: dict[str, str]
    """sha256 of each prompt, by name."""
    model: ModelId | None
    """The generator; None where nothing was generated."""
    adapter: str | None
    """sha256 of the adapter that the generator rewords with."""
    path: AnswerPath | None = None
    """How the generator answered; None where nothing was generated."""
    judge: str
    dataset: str
    """sha256 over the files that were read."""
    seed: int
    n: int
    machine: Machine


def record(
    *,
    judge: str,
    data: Iterable[Path],
    seed: int,
    n: int,
    model: ModelId | None = None,
    adapter: Path | None = None,
    path: AnswerPath | None = None,
) -> RunRecord:
    """Return the record of a run that is about to start.

    Args:
        judge: the name of the judge that scores.
        data: the files that the run reads.
        seed: draws samples and resamples, and seeds the sampling.
        n: how many items.
        model: the generator, if there is one.
        adapter: its rewording adapter, if it has one.
        path: how it answers.
    """
    return RunRecord(
        version=__version__,
        commit=_commit(),
        code=_sha256(_shipped()),
        prompts=prompts.hashes(),
        model=model,
        adapter=_sha256([adapter]) if adapter else None,
        path=path,
        judge=judge,
        dataset=_sha256(data),
        seed=seed,
        n=n,
        machine=Machine(
            system=f"{platform.system()} {platform.machine()}",
            processor=_processor(),
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            python=platform.python_version(),
        ),
    )


def _shipped() -> Iterator[Path]:
    for folder in (Path(__file__).parent.parent, data_path("prompts")):
        yield from sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _sha256(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def _commit() -> str | None:
    folder = Path(__file__).parent
    try:
        head, changed = (
            subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{head}-dirty" if head and changed else head or None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


class Journal:
    """The items of a run that are done, on disk; the same run started again finds them.

    A run is the same as long as nothing that its results depend on has changed: its record (the machine apart) and
    its part. Whoever finishes a run removes its journal, so that asking again measures again.
    """

    def __init__(self, folder: Path, part: str, run: RunRecord) -> None:
        """Open the journal of a run.

        Args:
            folder: where journals lie; made when the first item is done.
            part: what the run measures.
            run: its record.
        """
        identity = json.dumps([part, run.model_dump(mode="json", exclude={"machine", "n"})], sort_keys=True)
        self._path = folder / f"{part}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.jsonl"
        self.done: dict[str, Any] = dict(self._read())

    def _read(self) -> Iterator[tuple[str, Any]]:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):  # what ended the run cut its last line
            os.truncate(self._path, len(whole))
        for line in whole.splitlines():
            yield from json.loads(line).items()

    def add(self, items: Mapping[str, Any]) -> None:
        """Keep what some items came to, by their ids."""
        self.done.update(items)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(items, ensure_ascii=False) + "\n")

    def finish(self) -> None:
        """Remove the journal of a finished run."""
        self._path.unlink(missing_ok=True)
