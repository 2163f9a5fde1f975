"""Which path a model answers better on: tried on a sample of the bundled questions, and kept in the model cache.

A model that was never tried answers on the small path, where it words one chosen sentence at a time. That path asks
least of a model, so a model has to show that it does better with whole abstracts.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

from pydantic import TypeAdapter, ValidationError

from assistant.answer import Answerer
from assistant.eval.recording import RunRecord
from assistant.eval.report import Report, shown
from assistant.eval.run import Part, Progress, Sizes, Tools, evaluate
from assistant.eval.statistics import Metric
from assistant.files import write_whole
from assistant.generate.server import address, is_address
from assistant.records import AnswerPath, Frozen, ModelId
from assistant.retrieve import Retriever

FILE = "paths.json"
"""In the model cache: what every model that was tried came to."""

Answerers = Callable[[Retriever, AnswerPath], Answerer]
"""Makes what answers questions over a library, on a path."""

_FIGURES = {
    "citation_recall": "citation recall *",
    "citation_precision": "citation precision *",
    "fact_coverage": "facts told",
    "answered": "answerable questions answered",
    "generated_share": "statements in its own words",
    "seconds_median": "seconds, median",
}
_FAITHFUL, _TOLD = ("citation_recall", "citation_precision"), "fact_coverage"
# Less than the noise of a sample, of which 24 questions have about 0.1.
_NO_LESS = 0.05
# Claims on which the judges' agreement with people is told.
_CLAIMS = 48


class Trial(Frozen):
    """What trying a model on both paths came to."""

    model: ModelId
    path: AnswerPath
    """The path that it answers on from then on."""
    figures: dict[AnswerPath, dict[str, Metric]]
    """Of each path, by name."""
    agreement: Metric
    """Balanced accuracy of the judge that scored, on labelled claims."""
    run: RunRecord
    """How to repeat it."""


_TRIALS = TypeAdapter(dict[str, Trial])


def identity(name: str, model: ModelId) -> str:
    """Return what a model's trial is kept under: its sha256, or its server's address and its name there.

    Args:
        name: as given to `--model`.
        model: what was found under that name.
    """
    if is_address(name):
        return f"{replace(address(name), model='')}#{model.name}"
    return model.sha256


def read(cache: Path) -> dict[str, Trial]:
    """Return the trials that are kept; none where the file isn't there or can't be understood."""
    try:
        return _TRIALS.validate_json((cache / FILE).read_bytes())
    except (OSError, ValidationError):
        return {}


def keep(cache: Path, model: str, trial: Trial) -> None:
    """Keep a model's trial in the place of an earlier one.

    Raises:
        OSError: the cache can't be written.
    """
    cache.mkdir(parents=True, exist_ok=True)
    write_whole(cache / FILE, _TRIALS.dump_json({**read(cache), model: trial}, indent=1).decode() + "\n")


def path_of(trials: Mapping[str, Trial], model: str | None) -> AnswerPath:
    """Return the path that a model answers on, by what its trial is kept under; small where it wasn't tried."""
    trial = trials.get(model) if model else None
    return trial.path if trial else "small"


def measure(
    tools: Tools,
    answerers: Answerers,
    *,
    n: int,
    seed: int = 0,
    journals: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Trial:
    """Try a model on both paths with the same questions.

    A model that has an adapter for rewording keeps the small path, which it was trained for.

    Args:
        tools: what is measured, and what measures it; its own answerer isn't asked.
        answerers: makes the model's answerer for a path.
        n: how many questions, spread over their kinds.
        seed: draws the sample, and seeds the sampling.
        journals: folder in which to keep what is done, so that a trial that was cut goes on.
        progress: told how far the trial is.
    """

    def tried(path: AnswerPath, claims: int | None) -> Report:
        # Of the judges, only the worth of the one that scores is told.
        one = replace(tools, answerer=lambda retriever: answerers(retriever, path), gate=tools.judge, path=lambda: path)
        sizes = Sizes(questions=n, claims=claims)
        parts: tuple[Part, ...] = ("answers", "refusal")
        return evaluate(one, parts=parts, sizes=sizes, seed=seed, journals=journals, progress=progress)

    small, capable = tried("small", _CLAIMS), tried("capable", 0)
    one, other = _figures(small), _figures(capable)
    model, adapter = tools.model()
    return Trial(
        model=model,
        path="small" if adapter else winner(one, other),
        figures={"small": one, "capable": other},
        agreement=small.agreement[small.run.judge],
        run=small.run.model_copy(update={"path": None}),
    )


def winner(small: Mapping[str, Metric], capable: Mapping[str, Metric]) -> AnswerPath:
    """Return the better path: the capable one where it tells more facts and its citations are as good, within 0.05."""
    values = [(small[name].value, capable[name].value) for name in (*_FAITHFUL, _TOLD)]
    known = [(one, other) for one, other in values if one is not None and other is not None]
    if len(known) < len(values):
        return "small"
    *faithful, told = [other - one for one, other in known]
    return "capable" if told > 0 and min(faithful) >= -_NO_LESS else "small"


def _figures(report: Report) -> dict[str, Metric]:
    """Return the figures that a trial keeps of a run; empty ones where nothing was measured."""
    none = Metric(value=None, low=None, high=None, n=0)
    found = {name: report.metrics.get(name, none) for name in _FIGURES}
    return {**found, "answered": _rest(report.metrics.get("answerable_refused", none))}


def _rest(metric: Metric) -> Metric:
    """Return the share of what a share leaves."""
    value, low, high = (None if x is None else round(1 - x, 4) for x in (metric.value, metric.high, metric.low))
    return Metric(value=value, low=low, high=high, n=metric.n)


def table(trial: Trial) -> Iterator[str]:
    """Yield the lines that show a trial: each figure on both paths, and what they rest on."""
    yield f"model {trial.model.name}, {trial.run.n} questions, seed {trial.run.seed}"
    yield f"{'':<32} {'small path':<24} capable path"
    for figure, title in _FIGURES.items():
        one, other = (shown(trial.figures[path][figure], interval=True) for path in get_args(AnswerPath))
        yield f"{title:<32} {one:<24} {other}"
    worth = shown(trial.agreement, interval=True)
    yield f"* by the judge {trial.run.judge}: balanced accuracy on {trial.agreement.n} labelled claims {worth}"
    kept = ", which it was trained for" if trial.run.adapter else ""
    yield f"{trial.model.name} answers on the {trial.path} path{kept}."
