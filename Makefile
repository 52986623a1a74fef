# The list of commands. A bare `make` prints it.

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
STAMP := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup examples demo test engine lint bench clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## install everything into .venv, so that .venv/bin/gate works

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer on PATH: install one, or run make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[tensorflow,parquet,dask,server,sigstore,otel,dev]'
	@touch $@

examples: setup ## train the models of the examples and, where an engine answers, build their images
	@$(BIN)/python examples/prepare.py

demo: setup ## run the gate on one good and two bad candidates; prints where the reports lie
	@$(BIN)/python examples/demo.py

test: examples ## run the whole suite, on all cores; options for pytest go into ARGS
	$(BIN)/python -m pytest --numprocesses logical --maxschedchunk 1 $(ARGS)

engine: ## install and start Docker (Debian and Ubuntu, as root); does nothing where an engine answers
	@.ci/engine

lint: setup ## flake8, and mypy in its strict mode
	$(BIN)/python -m flake8
	$(BIN)/python -m mypy

bench: examples ## time to verdict, five runs, and where the time went
	$(BIN)/python benchmarks/time_to_verdict.py

clean: ## remove everything that was made here: environment, models, data, reports, caches
	rm -rf .venv .gate .hypothesis .mypy_cache .pytest_cache build dist
	rm -rf examples/*/models examples/*/data
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
