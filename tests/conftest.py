"""Fixtures that several test files share."""

from pathlib import Path

import pytest

from assistant.config import Settings


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """The real model cache: ASSISTANT_MODELS, or the user's cache folder."""
    return Settings().models
