"""What an answer costs: the pipeline against plain completion of the very tokens that it read and wrote.

    python eval/bench/answer_speed.py [--n N] [--model NAME] [--library FILE]

Asks the first N answerable questions of the bundled set over the sample library, each followed up by a second question
on the same papers, twice: in the conversation, and with empty caches (the model loaded anew). Prints, over the
questions:

- total: seconds from the end of retrieval to the end of the answer, against plain completion of every prompt and
  candidate in the same order, from empty caches, with no guards and no checks (the plain run writes as many tokens, and
  the judge's model reads the same abstracts and claims);
- follow-up: the second turn against the same turn with empty caches, both from the end of retrieval;
- tokens written for each token shown;
- seconds of retrieval (with its reranking) by itself, as a median.

Time is only worth reading on a machine that does nothing else; OMP_NUM_THREADS and ASSISTANT_THREADS are heeded.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant import ingest, prompts
from assistant.answer import Answerer, Done, Retrieved, Turn
from assistant.cli.run import Run
from assistant.config import Settings, data_path
from assistant.eval import dataset
from assistant.generate import Completion, Generator, LlamaCpp, Sampling
from assistant.judge import Evidence, Judge, Support
from assistant.judge.entailment import EntailmentJudge
from assistant.library import Library
from assistant.prompts import Message
from assistant.records import Answer, ModelId
from assistant.retrieve import Retriever
from assistant.store import Store, write_lock

FOLLOW_UP = "What else do they report?"


@dataclass
class Recorder:
    """A generator that passes every call on and keeps it."""

    inner: Generator
    calls: list[tuple[Sequence[Message], Sampling, Completion]] = field(default_factory=list)

    @property
    def model(self) -> ModelId:
        """Which model it is."""
        return self.inner.model

    def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """Return one text for some messages."""
        completion = self.inner.complete(messages, sampling)
        self.calls.append((messages, sampling, completion))
        return completion


@dataclass
class RecordingJudge:
    """A judge that passes every call on and keeps it."""

    inner: Judge
    calls: list[tuple[Sequence[str], Evidence]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Which judge it is."""
        return self.inner.name

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        """Return the support of each claim."""
        self.calls.append((claims, evidence))
        return self.inner.score(claims, evidence)


@dataclass(frozen=True)
class Timed:
    """One turn: its answer, and the seconds of the search and of all that follows it."""

    answer: Answer
    retrieval_s: float
    rest_s: float


class Bench:
    """A library, a recorded model, and the turns asked of them."""

    def __init__(self, run: Run, retriever: Retriever) -> None:
        self._run = run
        self._retriever = retriever
        self.recorder = Recorder(run.generator)
        self.judge = RecordingJudge(run.gate)
        self.plain_tokens = 0

    def turn(self, question: str, history: Sequence[Turn] = ()) -> Timed:
        """Answer one question and time its parts."""
        start = searched = time.perf_counter()
        for event in self._answerer().stream(question, history):
            if isinstance(event, Retrieved):
                searched = time.perf_counter()
            elif isinstance(event, Done):
                answer = event.answer
        return Timed(answer, searched - start, time.perf_counter() - searched)

    def empty_caches(self) -> None:
        """Load the models anew, so that nothing of what they read before is kept."""
        if isinstance(self.recorder.inner, LlamaCpp):
            self.recorder.inner.close()
        del self._run.generator, self._run.gate
        self.recorder.inner, self.judge.inner = self._run.generator, self._run.gate

    def forget_calls(self) -> None:
        """Begin a new record of calls."""
        self.recorder.calls.clear()
        self.judge.calls.clear()

    def plain(self, calls: Sequence[tuple[Sequence[Message], Sampling, Completion]], judged: Sequence[Any]) -> float:
        """Return the seconds that the same prompts and as many written tokens take without guards and checks."""
        self.empty_caches()
        start = time.perf_counter()
        for messages, sampling, completion in calls:
            # A model that would stop earlier by itself writes less than was written under the guards; the count of
            # the plain run is printed beside, so that the two can be compared.
            bare = Sampling(
                temperature=sampling.temperature, seed=sampling.seed, max_tokens=max(1, completion.completion_tokens)
            )
            self.plain_tokens += self.recorder.inner.complete(messages, bare).completion_tokens
        for claims, evidence in judged:
            if isinstance(self.judge.inner, EntailmentJudge):
                self.judge.inner.answers(claims, evidence)
        return time.perf_counter() - start

    def _answerer(self) -> Answerer:
        return Answerer(
            self._retriever, self.recorder, prompts.load("reword"), seed=self._run.settings.seed, judge=self.judge
        )


def main() -> None:
    """Ask, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=12)
    parser.add_argument("--model")
    parser.add_argument("--library", type=Path, default=data_path("eval") / dataset.LIBRARY)
    args = parser.parse_args()
    run = Run({"model": args.model} if args.model else {})
    questions = [q.question for q in dataset.questions() if q.answerable and not q.follows][: args.n]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        with Library.create(settings.catalogue) as library:
            with write_lock(settings.write_lock):
                ingest.add(ingest.read_files([args.library]), library, run.embedder)
            store = Store(library, settings.index, settings.write_lock, print)
            _measure(Bench(run, Retriever(library, store, run.embedder)), questions)


def _measure(bench: Bench, questions: Sequence[str]) -> None:
    total = plain = warm = cold = 0.0
    written = shown = followed = 0
    searches = []
    for question in questions:
        bench.empty_caches()
        bench.forget_calls()
        first = bench.turn(question)
        calls, judged = list(bench.recorder.calls), list(bench.judge.calls)
        searches.append(first.retrieval_s)
        if first.answer.abstained or not calls:
            continue
        history = [Turn(question, tuple(source.key for source in first.answer.sources))]
        again = bench.turn(FOLLOW_UP, history)
        bench.empty_caches()
        anew = bench.turn(FOLLOW_UP, history)
        if not again.answer.abstained:
            followed += 1
            warm += again.rest_s
            cold += anew.rest_s
        total += first.rest_s
        plain += bench.plain(calls, judged)
        written += sum(completion.completion_tokens for *_, completion in calls)
        shown += _tokens(bench.recorder.inner, first.answer)
    if not plain:
        print("no question was answered")
        return
    print(f"{len(searches)} questions, {bench.recorder.model.name}")
    print(f"total against plain completion: {total:.2f} s / {plain:.2f} s = {total / plain:.2f}")
    print(f"tokens written: {written} under guards, {bench.plain_tokens} in the plain run")
    if cold:
        print(f"follow-up against empty caches ({followed} turns): {warm:.2f} s / {cold:.2f} s = {warm / cold:.2f}")
    print(f"tokens written for each shown: {written} / {shown} = {written / max(shown, 1):.2f}")
    print(f"retrieval and reranking, median: {statistics.median(searches):.3f} s")


def _tokens(generator: Generator, answer: Answer) -> int:
    """Return the tokens of the generated statements; of a model elsewhere, about."""
    text = " ".join(statement.text for statement in answer.statements if statement.origin == "generated")
    if isinstance(generator, LlamaCpp):
        return len(generator.tokens(text))
    return round(len(text) / 4)


if __name__ == "__main__":
    main()
