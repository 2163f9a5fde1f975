"""The lock file of a draft: what each sentence says, what it cites, and what it was checked against.

A later run can tell one sentence or one paragraph anew and leave the rest as it is, and a check of the edited text can
keep the verdicts of sentences that were not touched.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from assistant.errors import ReadError
from assistant.files import write_whole
from assistant.plan import Brief, Plan
from assistant.records import Frozen, ModelId, Paper
from assistant.section import Section


class Lock(Frozen):
    """Everything that a draft was made of."""

    schema_version: Literal[1] = 1
    model: ModelId
    prompts: dict[str, str]
    """The sha256 of each prompt, by name."""
    seed: int
    brief: Brief
    plan: Plan
    section: Section
    """Its parts hold the sentences with their keys, spans and scores."""
    abstracts: dict[str, str]
    """The sha256 of each cited abstract, by key."""


def abstracts_of(papers: Iterable[Paper]) -> dict[str, str]:
    """Return the sha256 of each paper's abstract, by key."""
    return {paper.key: hashlib.sha256(paper.abstract.encode()).hexdigest() for paper in papers}


def changed(lock: Lock, papers: Iterable[Paper]) -> list[str]:
    """Return the keys of papers whose abstract isn't the one that the draft was checked against."""
    return [key for key, digest in abstracts_of(papers).items() if lock.abstracts.get(key) != digest]


def write(path: Path, lock: Lock) -> None:
    """Write a lock file, whole or not at all."""
    write_whole(path, lock.model_dump_json(indent=1) + "\n")


def read(path: Path) -> Lock:
    """Return the lock in a file.

    Raises:
        ReadError: it can't be read, or isn't a lock file.
    """
    cure = "Give the lock file that `assistant draft --lock FILE` wrote."
    try:
        return Lock.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ReadError(f"{path}: can't be read ({error.strerror})", cure) from error
    except ValidationError as error:
        raise ReadError(f"{path}: not the lock file of a draft", cure) from error
