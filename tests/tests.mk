# --- checks -------------------------------------------------------------------------------------

.PHONY: test test-models test-alone lint format
test: .venv/test.stamp servers lint  ## run every test that needs no torch (DATA=folder: also the golden ones)
	@$(CLEAN_ENV) DATA="$(DATA)" $(BIN)/pytest -m "not torch" --ignore=tests/unit/models

test-models: .venv-models/stamp  ## run the tests that need torch (DATA=folder: also the golden ones)
	@$(CLEAN_ENV) DATA="$(DATA)" $(MODELS_BIN)/pytest -m torch tests/unit/models

test-alone: .venv/test.stamp  ## install each service by itself and run its own tests
	@./tests/alone.sh $(MEMBERS)

lint: .venv/test.stamp  ## ruff, mypy and the import contracts
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary $(foreach member,$(MEMBERS) models deploy,$(member)/attrai_$(member)) deploy/flower graylog
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
