# --- docs ---------------------------------------------------------------------------------------

.PHONY: docs release-check
docs: .venv/run.stamp  ## write docs/settings.md from the code
	@$(CLEAN_ENV) PYTHONPATH=. $(BIN)/python -m docs.make_settings

release-check: .venv/run.stamp  ## before a release: versions, changelog, images and pages agree
	@$(CLEAN_ENV) PYTHONPATH=. $(BIN)/python -m docs.check_release
