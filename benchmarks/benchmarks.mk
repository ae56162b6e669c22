# --- benchmarks ---------------------------------------------------------------------------------

MEASURE ?=

.PHONY: bench bench-queue bench-batch bench-logs
bench: PHOTOS :=  # the soak's default does not apply here
bench: .venv/test.stamp .venv-models/stamp servers  ## the estimator beside its peers (PHOTOS=folder, DATA=folder, MEASURE="pictures caps" or "--help")
	@$(CLEAN_ENV) $(MODELS_BIN)/python -m benchmarks.estimator --product $(BIN)/python $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(DATA),--data "$(DATA)") $(MEASURE)

bench-queue: .venv/test.stamp servers  ## the queue's overhead and the ETA's error (MEASURE="overhead told --rounds 3": only these)
	@$(CLEAN_ENV) $(BIN)/python -m benchmarks.task_queue $(MEASURE)

bench-batch: .venv/test.stamp servers $(if $(DATA),need-data .venv-models/stamp)  ## data sets (DATA=folder, MEASURE="rates --photos 1500 --rounds 3")
	@$(CLEAN_ENV) $(BIN)/python -m benchmarks.batch $(MEASURE) $(if $(DATA),--data "$(DATA)" --peer $(MODELS_BIN)/python)

bench-logs: .venv/test.stamp servers  ## what logging costs while the log server is away for 60 s (MEASURE="stalled 20": it reads nothing for 20 s)
	@$(CLEAN_ENV) $(BIN)/python -m benchmarks.log_outage $(MEASURE) >/dev/null
