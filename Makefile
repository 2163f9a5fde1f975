# Two commands do all the set-up: `make demo` (the main job) and `make test` (the tests).
# Each makes .venv on first use; the compile of llama-cpp-python takes a few minutes, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The multimodal part of llama.cpp is not used here, and leaving it out shortens the compile.
export CMAKE_ARGS ?= -DLLAVA_BUILD=OFF

.PHONY: demo test test-all lint models clean

demo: $(VENV)/.user
	$(BIN)/assistant demo

test: $(VENV)/.dev lint models
	$(BIN)/python -m pytest -q -m "not long"

test-all: $(VENV)/.dev lint models
	$(BIN)/python -m pytest -q

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

models: $(VENV)/.dev
	$(BIN)/assistant models pull

$(VENV)/.user: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.dev: $(VENV)/.user
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV)
