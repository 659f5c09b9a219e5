# Everything a developer types. Each target makes .venv first where it is missing or outdated.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The first interpreter of 3.10 or later; `make PYTHON=python3.12 ...` names one outright.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$p && break; done)
LOCK := requirements-dev.lock
BENCH_LOCK := benchmarks/requirements.lock
BIN := .venv/bin
STAMP := .venv/installed
# Many tests wait for a process or a server: one more at a time than there are cores.
WORKERS = $(shell $(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)')
BENCH_STAMP := .venv-bench/installed

.PHONY: help .venv demo test check bench docs pictures lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z.]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv: $(STAMP) ## the environment, from the lock file

$(STAMP): $(LOCK) pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.10 or later is needed and was not found" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## estimates, a mock checked honest and lying, reports: no key, no network
	@$(BIN)/python -m examples.demo

test: $(STAMP) ## all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check: $(STAMP) ## style, types and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The peers that we are measured against are heavy and are no part of the project's environment.
$(BENCH_STAMP): $(BENCH_LOCK) $(STAMP)
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(BENCH_LOCK)
	@touch $@

bench: $(BENCH_STAMP) ## published usage against our counts, then speed against peers
	@code=0; for part in published tokens estimate batch mock check pages guard; do \
		echo "# $$part"; $(BIN)/python -m benchmarks.$$part || code=1; echo; done; exit $$code

docs: $(STAMP) ## write the generated parts of docs/ anew
	$(BIN)/python docs/generate.py
	$(BIN)/tokenassay lies --markdown > docs/lies.md
	$(BIN)/python -m tokenassay.conformance.coverage > docs/coverage.md
	$(BIN)/python -m tokenassay.contracts.coverage > docs/rows.md

pictures: demo ## take the pictures of the README anew, from the pages of the demo
	$(BIN)/python docs/pictures.py

# A lock names versions and hashes, never an address: any index that has the packages will do.
COMPILE = build/lock/bin/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock: ## resolve both lock files anew (make lock UPGRADE=--upgrade for newer versions)
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) $(UPGRADE) --group dev --all-extras -o $(LOCK) pyproject.toml
	$(COMPILE) $(UPGRADE) -o $(BENCH_LOCK) benchmarks/requirements.in

clean: ## remove what make made
	rm -rf .venv .venv-bench build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
