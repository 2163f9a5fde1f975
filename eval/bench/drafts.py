"""Related-work drafts: how many of the papers that should be cited are, what is copied, and what it takes.

    python eval/bench/drafts.py tasks [--words N] [--limit N] [--no-model] [--show]
    python eval/bench/drafts.py papers FILE [--words N] [--limit N] [--no-model] [--together] [--show]

`tasks` drafts the bundled drafting tasks over the sample library. `papers` takes related-work sections of real
papers, one JSON object a line with `target_abstract` (the authors' own) and `cited_abstracts` (those that they cite):
each is drafted from a library of just its cited abstracts, which gives the recall, and with `--together` from a
library of all of them, which gives the share of the citations that are the paper's own. Abstracts that are missing or
shorter than 20 words can't be cited and don't count. `--no-model` puts a generator in the model's place that only
repeats, so that what is told by rule is measured alone.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant import ingest, prompts
from assistant.config import DEFAULT_EMBEDDER, DEFAULT_GENERATOR, Settings, data_path
from assistant.draft import Drafted, Drafter
from assistant.embed import Embedder, MiniLM
from assistant.generate import Generator, LlamaCpp
from assistant.library import Library
from assistant.models import resolve, rewording_adapter
from assistant.plan import Brief
from assistant.records import Problem, Record, Source
from assistant.retrieve import Retriever
from assistant.store import Store, write_lock
from assistant.terms import longest_common_run
from assistant.testing import ScriptedGenerator

FEWEST_WORDS = 20


@contextmanager
def library_of(items: Iterable[Record | Problem], embedder: Embedder) -> Iterator[Retriever]:
    """Give a retriever over a temporary library."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        with Library.create(settings.catalogue) as library:
            with write_lock(settings.write_lock):
                ingest.add(items, library, embedder)
            yield Retriever(library, Store(library, settings.index, settings.write_lock, lambda line: None), embedder)


class Account:
    """Sums over drafts."""

    def __init__(self) -> None:
        self.recalls: list[float] = []
        self.precisions: list[float] = []
        self.runs: list[int] = []
        self.seconds: list[float] = []
        self.words: list[int] = []
        self.counts: dict[str, int] = {}
        self.wanted = self.cited = 0

    def take(self, drafted: Drafted, wanted: set[str], own: set[str], abstracts: Iterable[str], *, show: bool) -> None:
        """Count one draft.

        Args:
            drafted: the draft.
            wanted: keys that should be cited.
            own: keys that may be cited; others lower the precision.
            abstracts: what must not be copied.
            show: print the draft.
        """
        draft = drafted.draft
        used = set(draft.coverage.used)
        self.wanted += len(wanted)
        self.cited += len(wanted & used)
        self.recalls.append(len(wanted & used) / len(wanted))
        if used:
            self.precisions.append(len(used & own) / len(used))
        told = [
            part.text for sentence in drafted.section.sentences for part in sentence.parts if part.origin != "quoted"
        ]
        self.runs.append(max((longest_common_run(text, abstracts) for text in told), default=0))
        self.seconds.append(draft.timings.total_s)
        self.words.append(len(draft.text.split()))
        for sentence in drafted.section.sentences:
            for part in sentence.parts:
                self.counts[part.origin] = self.counts.get(part.origin, 0) + 1
            self.counts["joined"] = self.counts.get("joined", 0) + (len(sentence.parts) > 1)
        self.counts["dropped claims"] = self.counts.get("dropped claims", 0) + draft.report.dropped
        if show:
            print(f"\n## {draft.topic[:90]} ({len(wanted & used)} of {len(wanted)})\n{draft.text}")
            print("not used:", {item.key: item.why for item in draft.coverage.unused if item.key in wanted})

    def print(self, name: str) -> None:
        """Print the sums."""
        if not self.recalls:
            return
        mean = statistics.mean
        print(
            f"\n{name}: {len(self.recalls)} drafts, {self.cited} of {self.wanted} wanted papers cited "
            f"({self.cited / self.wanted:.3f}; mean a draft {mean(self.recalls):.3f})"
        )
        if self.precisions:
            print(f"share of the cited papers that may be: {mean(self.precisions):.3f}")
        print(f"longest run in common: mean {mean(self.runs):.1f}, most {max(self.runs)}")
        print(f"words: mean {mean(self.words):.0f}")
        print(f"seconds: median {statistics.median(self.seconds):.1f}, most {max(self.seconds):.1f}; {self.counts}")


def last_of(drafter: Drafter, brief: Brief) -> Drafted:
    """Return the end of a draft's stream."""
    *_, last = drafter.stream(brief, "text")
    assert isinstance(last, Drafted)
    return last


def tasks(options: argparse.Namespace, generator: Generator, embedder: Embedder) -> None:
    """Draft the bundled tasks."""
    rows = [json.loads(line) for line in (data_path("eval") / "drafts.jsonl").read_text("utf-8").splitlines()]
    account = Account()
    with library_of(ingest.read_files([data_path("eval") / "library.jsonl"]), embedder) as retriever:
        keys = {identifier: paper.key for paper in retriever.library.papers() for identifier in paper.ids}
        abstracts = [paper.abstract for paper in retriever.library.papers()]
        drafter = Drafter(retriever, generator, prompts.load("reword"))
        for row in rows[: options.limit]:
            wanted = {keys[identifier] for identifier in row["must_cite"]}
            drafted = last_of(drafter, Brief(topic=row["topic"], words=options.words))
            account.take(drafted, wanted, set(keys.values()), abstracts, show=options.show)
    account.print("tasks")


def papers(options: argparse.Namespace, generator: Generator, embedder: Embedder) -> None:
    """Draft for real papers."""
    rows = [json.loads(line) for line in Path(options.file).read_text("utf-8").splitlines()][: options.limit]

    def record(row: int, place: int, abstract: str) -> Record:
        return Record(
            key=f"p{row}c{place}", title=f"Cited work {row}.{place}", abstract=abstract, source=Source(file="x", line=1)
        )

    def citable(row: int) -> list[Record]:
        cited = enumerate(rows[row]["cited_abstracts"])
        return [record(row, place, text) for place, text in cited if len(text.split()) >= FEWEST_WORDS]

    alone = Account()
    for number, row in enumerate(rows):
        records = citable(number)
        if not records:
            continue
        with library_of(records, embedder) as retriever:
            drafter = Drafter(retriever, generator, prompts.load("reword"))
            wanted = {paper.key for paper in retriever.library.papers()}
            drafted = last_of(drafter, Brief(abstract=row["target_abstract"], words=options.words))
            abstracts = [one.abstract for one in records]
            alone.take(drafted, wanted, wanted, abstracts, show=options.show)
    alone.print("just the cited papers")
    if options.together:
        together = Account()
        with library_of((one for number in range(len(rows)) for one in citable(number)), embedder) as retriever:
            drafter = Drafter(retriever, generator, prompts.load("reword"))
            for number, row in enumerate(rows):
                wanted = {retriever.library.paper(one.key or "").key for one in citable(number)}
                if wanted:
                    drafted = last_of(drafter, Brief(abstract=row["target_abstract"], words=options.words))
                    together.take(drafted, wanted, wanted, [], show=False)
        together.print("all papers in one library")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["tasks", "papers"])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--no-model", action="store_true")
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    models = Settings().models
    embedder = MiniLM(resolve(DEFAULT_EMBEDDER, "embedder", cache=models, offline=False, announce=print))
    generator: Generator = ScriptedGenerator()
    if not options.no_model:
        file = resolve(DEFAULT_GENERATOR, "generator", cache=models, offline=False, announce=print)
        generator = LlamaCpp(file, adapter=rewording_adapter(file), threads=Settings().threads)
    {"tasks": tasks, "papers": papers}[options.what](options, generator, embedder)


if __name__ == "__main__":
    main()
