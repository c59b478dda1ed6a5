# Callvault: set-up, demonstration, checks. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test lint faults bench serve lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Callvault needs Python 3.11 or newer on PATH" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml $(VENV)/.made
	@echo "installing the pinned dependencies into $(VENV) (once)"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q keys vault
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing what checks and tests need into $(VENV) (once)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# The demonstration alone needs what a customer installs; its other parts are servers of the tests.
DEMO_PARTS := $(filter s3 postgresql awskms,$(STORE) $(DATABASE) $(CUSTODY))

demo: $(VENV)/.$(if $(DEMO_PARTS),dev,runtime) ## the main job, end to end, in a temporary folder [STORE=s3 DATABASE=postgresql CUSTODY=awskms]
	$(if $(filter postgresql,$(DEMO_PARTS)),@$(BIN)/python deploy/system_packages.py postgresql)
	@STORE=$(STORE) DATABASE=$(DATABASE) CUSTODY=$(CUSTODY) $(BIN)/python -m deploy.demo

serve: $(VENV)/.runtime ## the service on 127.0.0.1:8440 over ./data
	@$(BIN)/callvault serve

test: $(VENV)/.dev ## every test; what cannot run says why
	@$(BIN)/python deploy/system_packages.py
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev ## style, types, the import rule, docstrings
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/interrogate --quiet keys vault

faults: $(VENV)/.dev ## kills, failing disks, power cuts: the long form of what `make test` tries (as root)
	@$(BIN)/python deploy/system_packages.py
	@$(BIN)/python -m tests.faults

bench: $(VENV)/.dev ## the figures of docs/performance.md
	@$(BIN)/python -m tests.bench

lock: ## re-pin the dependencies (needs uv on PATH)
	uv pip compile pyproject.toml --group build --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -q -o requirements/runtime.txt
	uv pip compile pyproject.toml --all-extras --group build --group test --group lint -c requirements/runtime.txt --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -q -o requirements/dev.txt

clean: ## remove what was installed and cached
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
