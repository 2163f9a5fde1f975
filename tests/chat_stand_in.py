"""`python -m tests.chat_stand_in …` is `assistant …` with stand-ins for the models, for tests that drive a terminal.

ASSISTANT_TEST_DELAY_S is how long the stand-in generator takes for a wording.
"""

import os
import sys
import time
from collections.abc import Sequence

from assistant.cli import Run, main
from assistant.generate import Completion, Sampling
from assistant.prompts import Message
from assistant.testing import HashingEmbedder, ScriptedGenerator


class SlowGenerator(ScriptedGenerator):
    """Takes its time."""

    def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """Return the source sentence, after a while."""
        time.sleep(float(os.environ.get("ASSISTANT_TEST_DELAY_S", "0")))
        return super().complete(messages, sampling)


if __name__ == "__main__":
    Run.embedder = HashingEmbedder()  # type: ignore[assignment]
    Run.generator = SlowGenerator()  # type: ignore[assignment]
    main(sys.argv[1:])
