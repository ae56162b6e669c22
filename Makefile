# What a newcomer types; the files included below hold the rest. `make help` lists every command.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
PHOTO ?=
DATA ?=
MEMBERS := shared local bot estimator batch playground
MEMBER_PROJECTS := $(MEMBERS:%=%/pyproject.toml)
EDITABLE := $(MEMBERS:%=-e %)
BIN := .venv/bin
MODELS_BIN := .venv-models/bin
UV := $(BIN)/uv
# A person's own settings must not reach tests or the demo. Without bytecode files, each process compiles all that it
# imports.
CLEAN_ENV = env $$(env | sed -n 's/^\(ATTRAI_[A-Z0-9_]*\)=.*/-u \1/p' | tr '\n' ' ') -u PYTHONPATH -u PYTHONDONTWRITEBYTECODE

.PHONY: help
help:  ## list the commands
	@awk -F ':.*## ' '/^# --- / { group = substr($$0, 7); sub(/ -+$$/, "", group) } \
		/^[a-z][a-z-]*:.*## / { if (group != shown) printf "\n%s\n", group; shown = group; printf "  %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- product ------------------------------------------------------------------------------------

.PHONY: setup demo run clean
setup: .venv/run.stamp  ## make .venv, the environment of the product

demo: .venv/run.stamp  ## send one photo (PHOTO=path, or the sample) through bot, queue and estimator
	@$(CLEAN_ENV) $(BIN)/attrai-playground demo $(if $(PHOTO),"$(PHOTO)")

run: PORT :=  # a PORT in the environment belongs to another program
run: .venv/run.stamp  ## stay up: serve Telegram if BOT_TOKEN is set, else the local chat page (PORT=8091)
	@$(CLEAN_ENV) $(BIN)/attrai-playground run $(if $(PORT),--port "$(PORT)")

clean:  ## remove the environments and the tools' caches; out/ stays
	@rm -rf .venv .venv-models .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/uv.stamp: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Attrai needs Python 3.11 or newer: name one with PYTHON=..."; exit 1; }
	@echo "setting up .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/run.stamp: .venv/uv.stamp $(MEMBERS:%=requirements/%.txt) $(MEMBER_PROJECTS)
	@$(UV) pip install -q --python $(BIN)/python --require-hashes $(MEMBERS:%=-r requirements/%.txt)
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation $(EDITABLE)
	@touch $@

include tests/tests.mk
include tests/stack/stack.mk
include benchmarks/benchmarks.mk
include deploy/deploy.mk
include docs/docs.mk
include models/models.mk
include requirements/requirements.mk
