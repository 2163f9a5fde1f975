"""The metrics of answers, each with its definition and source.

Each function measures one answer, or one draft; the figure of a run is the mean over the answers that have it, as in
ALCE (Gao et al. 2023, "Enabling Large Language Models to Generate Text with Citations").
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from assistant.eval.recording import Journal
from assistant.eval.shown import Sentence, Told, words_outside_quotations
from assistant.judge.base import Evidence, Judge, Support, score_pairs
from assistant.terms import content_stems, longest_common_run, tokens

COPIED_FROM = 5
"""Words in common from which on a run counts as copied."""

Supports = Callable[[str, Sequence[str]], bool]
"""Tells whether the papers with some keys, taken together, support a sentence."""


class Checker:
    """Holds sentences against the papers that they cite, with one judge; each question is asked once."""

    def __init__(self, judge: Judge, papers: Mapping[str, Evidence], journal: Journal | None = None) -> None:
        """Prepare a checker.

        Args:
            judge: decides.
            papers: what each key stands for.
            journal: knows what a run that was cut has judged, and keeps what is judged.
        """
        self._judge = judge
        self._papers = papers
        self._journal = journal
        self._known: dict[tuple[str, frozenset[str]], Support] = {}

    def prepare(self, sentences: Iterable[Sentence], progress: Callable[[int, int], None] | None = None) -> None:
        """Judge many sentences at once; those about the same papers share the reading of them.

        Args:
            sentences: what is to be judged.
            progress: called with the number of sentences judged and their total.
        """
        asked: dict[frozenset[str], dict[str, Sentence]] = {}
        for sentence in sentences:
            if self._judgeable(sentence):
                asked.setdefault(frozenset(sentence.keys), {})[sentence.text] = sentence
        done, total = 0, sum(map(len, asked.values()))
        for keys, same in asked.items():
            self._restore(keys, same)
            new = [text for text in same if (text, keys) not in self._known]
            pairs = [(_plain(text), self._evidence(same[text].keys)) for text in new]
            judged = dict(zip(new, score_pairs(self._judge, pairs), strict=True))
            self._known.update({(text, keys): support for text, support in judged.items()})
            if self._journal and judged:
                self._journal.add({_id(text, keys): one.model_dump(mode="json") for text, one in judged.items()})
            done += len(same)
            if progress and new:
                progress(done, total)

    def _restore(self, keys: frozenset[str], texts: Iterable[str]) -> None:
        kept = self._journal.done if self._journal else {}
        for text in texts:
            if (text, keys) not in self._known and _id(text, keys) in kept:
                self._known[text, keys] = Support.model_validate(kept[_id(text, keys)])

    def support(self, text: str, keys: Sequence[str]) -> Support:
        """Return the support of a sentence by all of some papers together."""
        question = (text, frozenset(keys))
        if question not in self._known:
            self._known[question] = self._judge.score([_plain(text)], self._evidence(keys))[0]
        return self._known[question]

    def supports(self, text: str, keys: Sequence[str]) -> bool:
        """Tell whether some papers together support a sentence."""
        return self.support(text, keys).verdict == "supported"

    def supported(self, sentence: Sentence) -> bool:
        """Tell whether a sentence's citations support it, as `citation_recall` counts it."""
        return recalled(sentence, self.supports) if self._judgeable(sentence) else False

    def contradicted(self, sentence: Sentence) -> bool:
        """Tell whether the papers that a sentence cites contradict it."""
        return self._judgeable(sentence) and self.support(sentence.text, sentence.keys).verdict == "contradicted"

    def _judgeable(self, sentence: Sentence) -> bool:
        return bool(sentence.keys) and all(key in self._papers for key in sentence.keys)

    def _evidence(self, keys: Sequence[str]) -> Evidence:
        papers = [self._papers[key] for key in keys]
        return Evidence(
            text="\n".join(paper.text for paper in papers), title="; ".join(paper.title for paper in papers)
        )


def _id(text: str, keys: Iterable[str]) -> str:
    """Return what a journal keeps a judged sentence under."""
    return f"sentence:{' '.join(sorted(keys))}:{text}"


def _plain(text: str) -> str:
    return text.replace("“", "").replace("”", "").strip()


def recalled(sentence: Sentence, supports: Supports) -> bool:
    """Tell whether a sentence has citation recall: it cites something, and what it cites, together, supports it.

    ALCE, section 3. A mark that points nowhere loses the sentence its recall, as in ALCE's code; so does a sentence
    that was changed after its check.
    """
    return bool(sentence.keys) and not sentence.invented and sentence.agrees and supports(sentence.text, sentence.keys)


def citation_recall(sentences: Sequence[Sentence], supports: Supports) -> float | None:
    """Return the share of an answer's factual sentences that have recall; an uncited one has none."""
    return _mean(recalled(sentence, supports) for sentence in sentences)


def citation_precision(sentences: Sequence[Sentence], supports: Supports) -> float | None:
    """Return the share of an answer's citations that are relevant; 0 where nothing is cited.

    ALCE, section 3: the citations of a sentence without recall are irrelevant; otherwise one is irrelevant if it
    doesn't support the sentence alone and the others do without it. Marks that point nowhere are irrelevant.
    """
    if not sentences:
        return None
    relevant = cited = 0
    for sentence in sentences:
        cited += len(sentence.keys) + sentence.invented
        if not recalled(sentence, supports):
            continue
        for place, key in enumerate(sentence.keys):
            others = [*sentence.keys[:place], *sentence.keys[place + 1 :]]
            relevant += not others or supports(sentence.text, [key]) or not supports(sentence.text, others)
    return relevant / cited if cited else 0.0


def contradiction_rate(sentences: Sequence[Sentence], contradicted: Callable[[Sentence], bool]) -> float | None:
    """Return the share of an answer's factual sentences that the papers they cite contradict."""
    return _mean(contradicted(sentence) for sentence in sentences)


def uncited_rate(sentences: Sequence[Sentence]) -> float | None:
    """Return the share of an answer's factual sentences without a citation."""
    return _mean(not sentence.keys and not sentence.invented for sentence in sentences)


def invented_citations(sentences: Sequence[Sentence], known: Iterable[str]) -> float | None:
    """Return the share of an answer's marks that point to no source, or to a paper that isn't in the library."""
    library = set(known)
    marks = sum(len(sentence.keys) + sentence.invented for sentence in sentences)
    invented = sum(sentence.invented + sum(key not in library for key in sentence.keys) for sentence in sentences)
    return invented / marks if marks else None


def changed_after_check(sentences: Sequence[Sentence]) -> float | None:
    """Return the share of an answer's factual sentences whose text or marks aren't those of its statements."""
    return _mean(not sentence.agrees for sentence in sentences)


def exact_quotes(told: Told, abstracts: Mapping[str, str]) -> float | None:
    """Return the share of an answer's quotes that equal `abstract[start:end]`."""
    return _mean(
        bool(c.quote) and abstracts.get(c.key, "")[c.start : c.end] == c.quote
        for statement in told.statements
        for c in statement.citations
        if c.quote is not None
    )


def generated_share(sentences: Sequence[Sentence]) -> float | None:
    """Return the share of an answer's factual sentences that are in the program's words, not in quotation marks."""
    return _mean(sentence.origin == "generated" for sentence in sentences)


def gold_recall(told: Told, gold: Sequence[str]) -> float:
    """Return the share of the gold papers among the answer's sources."""
    cited = {source.key for source in told.sources}
    return len(cited & set(gold)) / len(set(gold))


def gold_precision(told: Told, gold: Sequence[str]) -> float:
    """Return the share of the answer's sources that are gold papers; an answer without sources has 0."""
    cited = {source.key for source in told.sources}
    return len(cited & set(gold)) / len(cited) if cited else 0.0


def fact_coverage(text: str, facts: Sequence[Sequence[str]]) -> float:
    """Return the share of the facts of which the text has at least one wording, compared in lower case."""
    lowered = text.lower()
    return sum(any(wording.lower() in lowered for wording in fact) for fact in facts) / len(facts)


def longest_copied_run(sentence: Sentence, abstracts: Iterable[str]) -> int:
    """Return the words of the longest run that a sentence, quotations apart, shares with any of some abstracts."""
    return longest_common_run(words_outside_quotations(sentence), abstracts)


def copied_share(sentence: Sentence, abstracts: Iterable[str]) -> float | None:
    """Return the share of a sentence's words, quotations apart, in runs of five or more that an abstract has too.

    The coverage of extractive fragments of Grusky et al. 2018 ("Newsroom"), with short runs left out.
    """
    words = [word.lower() for word in tokens(words_outside_quotations(sentence))]
    if not words:
        return None
    there = {
        tuple(run)
        for abstract in abstracts
        for run in _windows([word.lower() for word in tokens(abstract)], COPIED_FROM)
    }
    copied = {
        place + offset
        for place, run in enumerate(_windows(words, COPIED_FROM))
        if tuple(run) in there
        for offset in range(COPIED_FROM)
    }
    return len(copied) / len(words)


def redundancy(sentences: Sequence[Sentence]) -> float | None:
    """Return how much an answer repeats itself; None for a single sentence.

    That is the mean, over its sentences after the first, of the largest share of content stems in common with an
    earlier one (Jaccard).
    """
    stems = [set(content_stems(sentence.text)) for sentence in sentences]
    return _mean(
        max(len(stems[place] & earlier) / max(len(stems[place] | earlier), 1) for earlier in stems[:place])
        for place in range(1, len(stems))
    )


def _windows(words: Sequence[str], width: int) -> list[Sequence[str]]:
    return [words[start : start + width] for start in range(len(words) - width + 1)]


def _mean(values: Iterable[float]) -> float | None:
    listed = [float(value) for value in values]
    return sum(listed) / len(listed) if listed else None
