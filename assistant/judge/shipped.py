"""The two judges that come with the package: one gates answers, a differently built one scores evaluations."""

import hashlib
from pathlib import Path

from assistant.embed import Embedder
from assistant.errors import ModelDamagedError
from assistant.generate import Reader
from assistant.judge import calibration
from assistant.judge.entailment import EntailmentJudge
from assistant.judge.surprise import SurpriseJudge
from assistant.models import ADAPTERS, ModelFile

_ADAPTER = ADAPTERS / "judge-smollm2-135m.gguf"
_GATE = ADAPTERS / "judge-gate.json"
_EVALUATION = ADAPTERS / "judge-evaluation.json"


def gate(model: ModelFile, *, threads: int = 0) -> EntailmentJudge:
    """Return the judge that gates answers.

    Args:
        model: the model that its adapter was trained for, the catalogue's default.
        threads: 0 takes what the machine has free.

    Raises:
        ModelDamagedError: the adapter isn't the one that the weights were fitted for.
    """
    weights = calibration.read(_GATE)
    if hashlib.sha256(_read(_ADAPTER)).hexdigest() != weights.adapter_sha256:
        raise ModelDamagedError(f"{_ADAPTER} is damaged", "Install literature-assistant again.")
    return EntailmentJudge(Reader(model, adapter=_ADAPTER, threads=threads), weights)


def evaluation(model: ModelFile, embedder: Embedder, *, threads: int = 0) -> SurpriseJudge:
    """Return the judge that scores evaluations: the plain model, without the gate's adapter and checks."""
    return SurpriseJudge(Reader(model, threads=threads), embedder, calibration.read(_EVALUATION))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelDamagedError(f"{path} can't be read ({error.strerror})", "Install it again.") from error
