"""Measure a support judge on labelled claims, beside the token-overlap baseline in the same run."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant import sentences
from assistant.eval import binary, rationale
from assistant.eval.binary import ReliabilityBin, RiskPoint
from assistant.eval.dataset import Label, Pair
from assistant.eval.rationale import Gold, Predicted, Stance
from assistant.eval.recording import Journal, RunRecord, record
from assistant.eval.report import shown
from assistant.eval.statistics import Metric, Statistic, measure, share
from assistant.judge.base import Evidence, Judge, Support, score_pairs
from assistant.judge.overlap import OverlapJudge
from assistant.records import Frozen, Verdict

Progress = Callable[[int, int], None]
"""Called with the number of items done and their total."""


class JudgeCase(Frozen):
    """What a judge said of one claim."""

    id: str
    source: str
    label: Label
    error_type: str | None
    verdict: Verdict
    support: float
    probability: float
    sentence: str | None
    """The sentence of the evidence that decided."""
    why: str
    """The checks that failed, in words."""


class JudgeReport(Frozen):
    """The result of `eval judge`.

    Names in `metrics`: a plain one is over all rows, `source/NAME/…` over the rows of one source (and of its family,
    the part before a slash), `error_type/NAME/right` the share of the rows with that error type that are called
    right, and those that begin with `overlap_` are the baseline's.
    """

    run: RunRecord
    metrics: dict[str, Metric]
    reliability: tuple[ReliabilityBin, ...]
    risk_coverage: tuple[RiskPoint, ...]
    cases: tuple[JudgeCase, ...]


def judge_pairs(
    judge: Judge,
    pairs: Sequence[Pair],
    *,
    data: Sequence[Path],
    seed: int = 0,
    journals: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> JudgeReport:
    """Score a judge on labelled pairs.

    Args:
        judge: the judge.
        pairs: claims with evidence and label.
        data: the files that they are from, for the record.
        seed: draws the resamples.
        journals: folder in which to keep what is done, so that a run that was cut goes on; nowhere by default.
        progress: called with the number of pairs judged and their total.
    """
    run = record(judge=judge.name, data=data, seed=seed, n=len(pairs))
    journal = Journal(journals, "judge", run) if journals else None
    found = judged(judge, pairs, journal, progress)
    truth = np.array([pair.supported for pair in pairs], dtype=bool)
    scores = np.array([support.support for support in found])
    said = np.array([support.verdict == "supported" for support in found], dtype=bool)
    report = JudgeReport(
        run=run,
        metrics=judge_metrics(pairs, found, overlap_baseline(pairs), seed),
        reliability=binary.reliability(truth, np.array([support.probability for support in found])),
        risk_coverage=binary.risk_coverage([float(sure) for sure in np.abs(scores - 0.5)], list(said != truth)),
        cases=tuple(_case(pair, support) for pair, support in zip(pairs, found, strict=True)),
    )
    if journal:
        journal.finish()
    return report


def overlap_baseline(pairs: Sequence[Pair]) -> list[Support]:
    """Return what token overlap says of the pairs, in order."""
    return score_pairs(OverlapJudge(), [(pair.claim, _evidence(pair)) for pair in pairs])


def judge_metrics(
    pairs: Sequence[Pair], supports: Sequence[Support], baseline: Sequence[Support], seed: int = 0
) -> dict[str, Metric]:
    """Return the figures of a judge and of the baseline on the same pairs, over all, by source and by error type.

    The intervals are of a bootstrap that draws all rows with the same claim together.
    """
    places = list(range(len(pairs)))
    metrics = _figures(pairs, supports, baseline, places, seed)
    sources = sorted({name for pair in pairs for name in _families(pair.source)})
    if len(sources) > 1:
        for source in sources:
            inside = [place for place in places if source in _families(pairs[place].source)]
            for name, metric in _figures(pairs, supports, baseline, inside, seed).items():
                metrics[f"source/{source}/{name}"] = metric
    for kind in sorted({pair.error_type for pair in pairs if pair.error_type}):
        inside = [place for place in places if pairs[place].error_type == kind]
        for prefix, results in (("", supports), ("overlap_", baseline)):
            right = [float((results[p].verdict == "supported") == pairs[p].supported) for p in inside]
            groups = [pairs[place].claim for place in inside]
            metrics[f"error_type/{kind}/{prefix}right"] = measure(share(right), len(inside), groups, seed)
    if any(pair.sentence for pair in pairs):
        metrics |= _rationales(pairs, supports)
    return metrics


def _rationales(pairs: Sequence[Pair], supports: Sequence[Support]) -> dict[str, Metric]:
    """Return SciFact's F1 scores: supported and contradicted claims with the sentence that decides."""
    gold, found = {}, {}
    for pair, support in zip(pairs, supports, strict=True):
        spans = sentences.split(pair.text)
        place = pair.text.find(pair.sentence) if pair.sentence else -1
        if place >= 0 and pair.label in _STANCES:
            end = place + len(pair.sentence or "")
            decides = frozenset(n for n, span in enumerate(spans) if span.start < end and span.end > place)
            gold[pair.id, ""] = Gold(_STANCES[pair.label], (decides,))
        if support.verdict in _STANCES:
            start = -1 if support.start is None else support.start
            chosen = tuple(n for n, span in enumerate(spans) if span.start <= start < span.end)
            found[pair.id, ""] = Predicted(_STANCES[support.verdict], chosen)
    scores = rationale.f1_scores(gold, found)
    return {
        name: Metric(value=round(value, 4), low=None, high=None, n=len(gold))
        for name, value in scores.items()
        if name.endswith("_f1")
    }


_STANCES: dict[str, Stance] = {
    "support": "SUPPORT", "supported": "SUPPORT", "contradict": "CONTRADICT", "contradicted": "CONTRADICT",
}  # fmt: skip


def _figures(
    pairs: Sequence[Pair],
    supports: Sequence[Support],
    baseline: Sequence[Support],
    places: Sequence[int],
    seed: int,
) -> dict[str, Metric]:
    groups = [pairs[place].claim for place in places]
    truth = np.array([pairs[place].supported for place in places], dtype=bool)
    against = np.array([pairs[place].label == "contradict" for place in places], dtype=bool)
    figures = {}
    for prefix, results in (("", supports), ("overlap_", baseline)):
        said = np.array([results[place].verdict == "supported" for place in places], dtype=bool)
        scores = np.array([results[place].support for place in places])
        probabilities = np.array([results[place].probability for place in places])
        statistics: dict[str, Statistic] = {
            "balanced_accuracy": binary.balanced_accuracy(truth, said),
            "auroc": binary.auroc(truth, scores),
            "f1": binary.f1(truth, said),
            "supported_kept": share(said, truth),
            "contradicted_called_supported": share(said, against),
            "ece": binary.expected_calibration_error(truth, probabilities),
        }
        for name, statistic in statistics.items():
            figures[prefix + name] = measure(statistic, len(places), groups, seed)
    return figures


def _families(source: str) -> set[str]:
    return {source, source.split("/")[0]} if source else set()


def _evidence(pair: Pair) -> Evidence:
    return Evidence(text=pair.text, title=pair.title)


def judged(
    judge: Judge, pairs: Sequence[Pair], journal: Journal | None, progress: Progress, prefix: str = ""
) -> list[Support]:
    """Return a judge's answers, in order; all claims about one evidence are judged, and kept, together.

    Args:
        judge: the judge.
        pairs: claims with evidence.
        journal: knows the answers that a run which was cut has got.
        progress: called with the number of pairs judged and their total.
        prefix: tells these answers from others in the journal.
    """
    kept = journal.done if journal else {}
    done = {pair.id: Support.model_validate(kept[prefix + pair.id]) for pair in pairs if prefix + pair.id in kept}
    together: dict[Evidence, list[Pair]] = {}
    for pair in pairs:
        if pair.id not in done:
            together.setdefault(_evidence(pair), []).append(pair)
    for evidence, same in together.items():
        scored = judge.score([pair.claim for pair in same], evidence)
        new = {pair.id: support for pair, support in zip(same, scored, strict=True)}
        if journal:
            journal.add({prefix + id: support.model_dump(mode="json") for id, support in new.items()})
        done.update(new)
        progress(len(done), len(pairs))
    return [done[pair.id] for pair in pairs]


def _case(pair: Pair, support: Support) -> JudgeCase:
    return JudgeCase(
        id=pair.id,
        source=pair.source,
        label=pair.label,
        error_type=pair.error_type,
        verdict=support.verdict,
        support=support.support,
        probability=support.probability,
        sentence=None if support.start is None else pair.text[support.start : support.end],
        why=support.why,
    )


def table(report: JudgeReport) -> Iterator[str]:
    """Yield the lines that show a report: by source, by error type, and the reliability table."""
    yield f"judge {report.run.judge}, {report.run.n} claims; beside it the overlap baseline"
    yield ""
    yield (
        f"{'':<36}{'rows':>6}  {'balanced accuracy':<22}{'AUROC':<8}{'F1':<8}{'wrong*':<8}{'ECE':<8}"
        "overlap: accuracy, AUROC"
    )
    sources = dict.fromkeys(name.rsplit("/", 1)[0] + "/" for name in report.metrics if name.startswith("source/"))
    prefixes = ["", *sources]
    for prefix in prefixes:
        row = {name: report.metrics[prefix + name] for name in _COLUMNS}
        accuracy = row["balanced_accuracy"]
        yield (
            f"{prefix.removeprefix('source/').rstrip('/') or 'all':<36}{accuracy.n:>6}  "
            f"{shown(accuracy, interval=True):<22}"
            + "".join(f"{shown(row[name]):<8}" for name in _COLUMNS[1:5])
            + f"{shown(row['overlap_balanced_accuracy'])}, {shown(row['overlap_auroc'])}"
        )
    yield "* contradicted claims called supported"
    kinds = [name for name in report.metrics if name.startswith("error_type/") and name.endswith("/right")]
    if kinds:
        yield ""
        yield f"{'called right, by error type':<36}{'rows':>6}  {'judge':<22}overlap"
        for name in kinds:
            metric, other = report.metrics[name], report.metrics[name.replace("/right", "/overlap_right")]
            yield f"{name.split('/')[1]:<36}{metric.n:>6}  {shown(metric, interval=True):<22}{shown(other)}"
    yield ""
    yield f"{'stated probability':<36}{'rows':>6}  {'mean':<8}share supported"
    for line in report.reliability:
        yield f"{f'{line.low:.1f} to {line.high:.1f}':<36}{line.n:>6}  {line.probability:<8.3f}{line.supported:.3f}"


_COLUMNS = (
    "balanced_accuracy", "auroc", "f1", "contradicted_called_supported", "ece", "overlap_balanced_accuracy",
    "overlap_auroc",
)  # fmt: skip
