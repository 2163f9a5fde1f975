"""`python -m tests.chat_stand_in …` is `assistant …` with stand-ins for the models, for tests that drive a terminal.

ASSISTANT_TEST_DELAY_S is how long a wording takes, whoever words.
"""

import os
import sys
import time
from typing import Any

from assistant import answer
from assistant.cli import Run, main
from assistant.testing import HashingEmbedder, ScriptedGenerator
from assistant.wording import Worded, word


def slowly(*arguments: Any, **named: Any) -> Worded:
    """Word a sentence, after a while."""
    time.sleep(float(os.environ.get("ASSISTANT_TEST_DELAY_S", "0")))
    return word(*arguments, **named)


if __name__ == "__main__":
    Run.embedder = HashingEmbedder()  # type: ignore[assignment]
    setattr(answer, "word", slowly)  # noqa: B010  (what a module imports isn't its own to export)
    Run.generator = ScriptedGenerator()  # type: ignore[assignment]
    main(sys.argv[1:])
