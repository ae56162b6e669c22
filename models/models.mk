# --- networks -----------------------------------------------------------------------------------

TRUNK ?= dlib
TRAINING ?= out/training
RATINGS ?=
SCALE ?=
STEPS ?=
MODELS ?= models
MODELS_COMMAND = $(CLEAN_ENV) $(MODELS_BIN)/attrai-models
RATED_PHOTOS = $(if $(RATINGS),--ratings "$(RATINGS)" $(if $(SCALE),--scale $(SCALE)),--data "$(DATA)")
TRAIN = $(MODELS_COMMAND) train --out "$(TRAINING)" --models "$(MODELS)" $(if $(STEPS),--steps $(STEPS))
TRAIN_PROPOSAL = $(MODELS_COMMAND) train-proposal --data "$(DATA)" --out "$(TRAINING)" $(if $(STEPS),--steps $(STEPS))
EXPORT = $(MODELS_COMMAND) export --out "$(TRAINING)" --models "$(MODELS)"
EVALUATE = $(MODELS_COMMAND) evaluate --data "$(DATA)" --models "$(MODELS)"

.PHONY: setup-models train train-proposal models models-eval need-data
setup-models: .venv-models/stamp  ## make .venv-models, with torch, for making and checking the networks

train: .venv-models/stamp $(if $(RATINGS),,need-data)  ## train a scorer, or resume (DATA=folder or RATINGS=folder, TRUNK=dlib or resnet34)
	@$(TRAIN) $(RATED_PHOTOS) --trunk $(TRUNK)

train-proposal: .venv-models/stamp need-data  ## train the proposal network of the detector, or resume (DATA=folder)
	@$(TRAIN_PROPOSAL)

models: .venv-models/stamp need-data  ## make every network from scratch and measure it (DATA=folder, MODELS=folder)
	@$(MODELS_COMMAND) convert --models "$(MODELS)"
	@$(TRAIN_PROPOSAL) && $(MODELS_COMMAND) export-proposal --out "$(TRAINING)" --models "$(MODELS)"
	@$(TRAIN) --data "$(DATA)" --trunk dlib && $(EXPORT) --trunk dlib --name scorer
	@$(TRAIN) --data "$(DATA)" --trunk resnet34 && $(EXPORT) --trunk resnet34 --name scorer_resnet34
	@$(EVALUATE) --name scorer && $(EVALUATE) --name scorer_resnet34 --scorer-only

models-eval: .venv-models/stamp need-data  ## measure the shipped networks (DATA=folder)
	@$(EVALUATE) --name scorer && $(EVALUATE) --name scorer_resnet34 --scorer-only

need-data:
	@test -d "$(DATA)" || { echo "name the folder of photos and ratings: DATA=folder"; exit 1; }

.venv-models/stamp: .venv/uv.stamp requirements/models.txt $(MEMBER_PROJECTS) models/pyproject.toml
	@echo "setting up .venv-models (torch: about 5 GB) ..."
	@$(UV) venv -q --allow-existing --python $(BIN)/python .venv-models
	@$(UV) pip install -q --python $(MODELS_BIN)/python --require-hashes -r requirements/models.txt
	@$(UV) pip install -q --python $(MODELS_BIN)/python --no-deps --no-build-isolation -e shared -e estimator -e models
	@touch $@
