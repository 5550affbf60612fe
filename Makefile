# One command for every check: `make check`. It uses the virtual environment that `make venv` makes.

VENV ?= .venv
BIN = $(VENV)/bin
DOCS = README.md $(wildcard docs/*.md)
COG = $(BIN)/cog -P -I . -p "from tools.docs import picture, python, run"

.PHONY: check venv test test-oldest lint types docs write-docs format

check: test lint types docs

venv:
	python3 -m venv $(VENV)
	$(BIN)/pip install -q -e '.[dev]'

test:
	$(BIN)/pytest -n auto

# The tests once more, with the oldest versions that pyproject.toml allows.
test-oldest:
	rm -rf .venv-oldest
	python3 -m venv .venv-oldest
	python3 tools/oldest.py >.venv-oldest/constraints.txt
	.venv-oldest/bin/pip install -q -e '.[dev]' -c .venv-oldest/constraints.txt
	.venv-oldest/bin/pytest -n auto

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

# Every output in the documentation is that of the command above it.
docs:
	$(COG) --check $(DOCS)

write-docs:
	$(COG) -r $(DOCS)

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
