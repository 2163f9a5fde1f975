"""The two judges that come with the package: one gates answers, a differently built one scores evaluations."""

import hashlib
from pathlib import Path

from assistant.embed import Embedder
from assistant.errors import ModelDamagedError
from assistant.generate import Reader
from assistant.judge import calibration
from assistant.judge.calibration import Calibration
from assistant.judge.claim_first import ClaimFirstJudge
from assistant.judge.entailment import EntailmentJudge
from assistant.models import ADAPTERS, ModelFile

_GATE = (ADAPTERS / "judge-smollm2-135m.gguf", ADAPTERS / "judge-gate.json")
_EVALUATION = (ADAPTERS / "judge-evaluation-smollm2-135m.gguf", ADAPTERS / "judge-evaluation.json")


def gate(model: ModelFile, *, threads: int = 0) -> EntailmentJudge:
    """Return the judge that gates answers.

    Args:
        model: the model that its adapter was trained for, the catalogue's default.
        threads: 0 takes what the machine has free.

    Raises:
        ModelDamagedError: the adapter isn't the one that the weights were fitted for.
    """
    adapter, weights = _shipped(*_GATE)
    return EntailmentJudge(Reader(model, adapter=adapter, threads=threads), weights)


def evaluation(model: ModelFile, embedder: Embedder, *, threads: int = 0) -> ClaimFirstJudge:
    """Return the judge that scores evaluations: another adapter, read in another way, and no checks.

    Args:
        model: the model that its adapter was trained for, the catalogue's default.
        embedder: finds the sentences that are nearest to a claim.
        threads: 0 takes what the machine has free.

    Raises:
        ModelDamagedError: the adapter isn't the one that the weights were fitted for.
    """
    adapter, weights = _shipped(*_EVALUATION)
    return ClaimFirstJudge(Reader(model, adapter=adapter, threads=threads), embedder, weights)


def _shipped(adapter: Path, weights: Path) -> tuple[Path, Calibration]:
    """Return an adapter with the weights that were fitted for it."""
    fitted = calibration.read(weights)
    try:
        found = hashlib.sha256(adapter.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelDamagedError(f"{adapter} can't be read ({error.strerror})", "Install it again.") from error
    if found != fitted.adapter_sha256:
        raise ModelDamagedError(f"{adapter} is damaged", "Install literature-assistant again.")
    return adapter, fitted
