"""`python -m tests.stand_in …` is `assistant …` with the stand-in embedder, for tests that start it as a process."""

import sys

from assistant.cli import Run, main
from assistant.testing import HashingEmbedder

if __name__ == "__main__":
    Run.embedder = HashingEmbedder(dimensions=256)  # type: ignore[assignment]
    main(sys.argv[1:])
