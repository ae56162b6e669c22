# --- checks -------------------------------------------------------------------------------------

# Two processes: the flow tests wait about half of the time, so they use two cores well.
TEST_WORKERS ?= 2
PYTEST = $(CLEAN_ENV) DATA="$(DATA)" $(BIN)/pytest -n $(TEST_WORKERS) --durations=20
NO_TORCH = --ignore=tests/unit/models
QUICK = quick$(if $(DATA), or golden)

.PHONY: check test test-all test-rest test-models test-alone lint format
check: lint  ## before each commit: lint, contracts and the unit tests of the changed members; under a minute
	@$(PYTEST) -m quick $$(./tests/changed.sh)

test: .venv/test.stamp lint  ## lint, types, contracts, all unit tests and a smoke of the real flow; at most 5 minutes
	@$(PYTEST) -m "$(QUICK)" $(NO_TORCH)

test-all: test test-rest  ## every test that needs no torch, over real servers (DATA=folder: also the golden ones); at most 25 minutes

test-rest: .venv/test.stamp servers  # what `make test` leaves out
	@$(PYTEST) -m "not torch and not ($(QUICK))" $(NO_TORCH)

test-models: .venv-models/stamp  ## run the tests that need torch (DATA=folder: also the golden ones)
	@$(CLEAN_ENV) DATA="$(DATA)" $(MODELS_BIN)/pytest -n $(TEST_WORKERS) --durations=20 -m torch tests/unit/models

test-alone: .venv/test.stamp  ## install each member by itself and run its own tests
	@$(CLEAN_ENV) ./tests/alone.sh $(MEMBERS)

lint: .venv/test.stamp  ## ruff, mypy and the import contracts
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary $(foreach member,$(MEMBERS) models deploy,$(member)/attrai_$(member)) deploy/flower graylog docs benchmarks
	@$(BIN)/lint-imports --no-cache

format: .venv/test.stamp  ## format the code
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

.PHONY: servers
servers:  # the real servers that the flow tests start: by apt where root; else those tests skip and say so
	@./tests/servers.sh

.venv/test.stamp: .venv/run.stamp requirements/test.txt
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/test.txt
	@# for the import contracts, which read it, and for its tests that need no torch
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e models
	@touch $@
