# Every command of the project. `make help` lists them.
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
COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-package attrai-shared --no-emit-package attrai-local --no-emit-package attrai-estimator --custom-compile-command "make requirements"
# A person's own settings must not reach tests or the demo.
CLEAN_ENV = env $$(env | sed -n 's/^\(ATTRAI_[A-Z0-9_]*\)=.*/-u \1/p' | tr '\n' ' ') -u PYTHONPATH

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- environments -------------------------------------------------------------------------------

.venv/uv.stamp: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Attrai needs Python 3.11 or newer; name one with PYTHON=..."; exit 1; }
	@echo "setting up .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/run.stamp: .venv/uv.stamp requirements/run.txt $(MEMBER_PROJECTS)
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/run.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation $(EDITABLE)
	@touch $@

.venv/test.stamp: .venv/run.stamp requirements/test.txt
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/test.txt
	@# for the import contracts, which read it, and for what of it needs no more than Python
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e models
	@touch $@

.venv-models/stamp: .venv/uv.stamp requirements/models.txt $(MEMBER_PROJECTS) models/pyproject.toml
	@echo "setting up .venv-models (torch: about 5 GB) ..."
	@$(UV) venv -q --allow-existing --python $(BIN)/python .venv-models
	@$(UV) pip install -q --python $(MODELS_BIN)/python --require-hashes -r requirements/models.txt
	@$(UV) pip install -q --python $(MODELS_BIN)/python --no-deps --no-build-isolation -e shared -e estimator -e models
	@touch $@

.PHONY: setup setup-models
setup: .venv/run.stamp  ## make .venv, the environment of the product
setup-models: .venv-models/stamp  ## make .venv-models, with torch, for making and checking the networks

.PHONY: requirements
requirements: .venv/uv.stamp  ## resolve the dependencies again and pin them with hashes
	@$(COMPILE) requirements/uv.in -o requirements/uv.txt
	@$(COMPILE) requirements/test.in requirements/build.in $(MEMBER_PROJECTS) -o requirements/test.txt
	@$(COMPILE) -c requirements/test.txt requirements/test.in -o requirements/tools.txt
	@$(COMPILE) -c requirements/test.txt requirements/build.in $(MEMBER_PROJECTS) -o requirements/run.txt
	@for member in $(MEMBERS); do $(COMPILE) -c requirements/test.txt requirements/build.in $$member/pyproject.toml -o requirements/$$member.txt; done
	@$(COMPILE) -c requirements/test.txt requirements/models.in requirements/build.in estimator/pyproject.toml models/pyproject.toml -o requirements/models.txt

# --- the product --------------------------------------------------------------------------------

.PHONY: demo run
demo: .venv/run.stamp  ## send one photo (PHOTO=path, or the sample) through bot, queue and estimator
	@$(CLEAN_ENV) $(BIN)/attrai-playground demo $(if $(PHOTO),"$(PHOTO)")

run: PORT :=  # another program's PORT in the environment is not meant
run: .venv/run.stamp  ## stay up: serve Telegram with BOT_TOKEN set, else open the local chat page (PORT=8091)
	@$(CLEAN_ENV) $(BIN)/attrai-playground run $(if $(PORT),--port "$(PORT)")

# --- the networks -------------------------------------------------------------------------------

TRUNK ?= dlib
TRAINING ?= out/training
RATINGS ?=
SCALE ?=
STEPS ?=
MODELS ?= models
ATTRAI_MODELS_CLI = $(CLEAN_ENV) $(MODELS_BIN)/attrai-models
TAUGHT = $(if $(RATINGS),--ratings "$(RATINGS)" $(if $(SCALE),--scale $(SCALE)),--data "$(DATA)")
TRAIN = $(ATTRAI_MODELS_CLI) train --out "$(TRAINING)" --models "$(MODELS)" $(if $(STEPS),--steps $(STEPS))
EXPORT = $(ATTRAI_MODELS_CLI) export --out "$(TRAINING)" --models "$(MODELS)"
EVALUATE = $(ATTRAI_MODELS_CLI) evaluate --data "$(DATA)" --models "$(MODELS)"

TRAIN_PROPOSAL = $(ATTRAI_MODELS_CLI) train-proposal --data "$(DATA)" --out "$(TRAINING)" $(if $(STEPS),--steps $(STEPS))

.PHONY: train train-proposal models models-eval need-data
need-data:
	@test -d "$(DATA)" || { echo "name the folder of photos and ratings: DATA=folder"; exit 1; }

train: .venv-models/stamp $(if $(RATINGS),,need-data)  ## train a scorer on DATA=folder or own RATINGS=folder, or go on (TRUNK=dlib or resnet34)
	@$(TRAIN) $(TAUGHT) --trunk $(TRUNK)

train-proposal: .venv-models/stamp need-data  ## teach detection's first network on DATA=folder, or go on
	@$(TRAIN_PROPOSAL)

models: .venv-models/stamp need-data  ## remake every network from nothing (into MODELS=folder), and measure
	@$(ATTRAI_MODELS_CLI) convert --models "$(MODELS)"
	@$(TRAIN_PROPOSAL) && $(ATTRAI_MODELS_CLI) export-proposal --out "$(TRAINING)" --models "$(MODELS)"
	@$(TRAIN) --data "$(DATA)" --trunk dlib && $(EXPORT) --trunk dlib --name scorer
	@$(TRAIN) --data "$(DATA)" --trunk resnet34 && $(EXPORT) --trunk resnet34 --name scorer_resnet34
	@$(EVALUATE) --name scorer && $(EVALUATE) --name scorer_resnet34 --scorer-only

models-eval: .venv-models/stamp need-data  ## measure the shipped networks on DATA=folder
	@$(EVALUATE) --name scorer && $(EVALUATE) --name scorer_resnet34 --scorer-only

# --- checks -------------------------------------------------------------------------------------

.PHONY: test test-models test-alone lint audit format
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

ADVISORIES ?= osv
OSV_URL ?=
audit: .venv/test.stamp  ## known vulnerabilities of every pinned package (ADVISORIES=osv, pypi or esms; OSV_URL=of a mirror)
	@./tests/audit.sh -s $(ADVISORIES) $(if $(OSV_URL),--osv-url $(OSV_URL)) -- requirements/*.txt deploy/flower/requirements.txt

format: .venv/test.stamp  ## format the code
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

MEASURE ?=
.PHONY: bench bench-queue bench-batch bench-logs
bench: PHOTOS :=  # the endurance run's default is not meant
bench: .venv/test.stamp .venv-models/stamp servers  ## the estimator beside its peers (PHOTOS=folder, DATA=folder, MEASURE="pictures caps" or "--help")
	@$(CLEAN_ENV) $(MODELS_BIN)/python -m benchmarks.estimator --product $(BIN)/python $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(DATA),--data "$(DATA)") $(MEASURE)

bench-queue: .venv/test.stamp servers  ## measure the queue's cost and the told times (MEASURE="overhead told --rounds 3": these alone)
	@$(CLEAN_ENV) $(BIN)/python -m benchmarks.queue $(MEASURE)

bench-batch: .venv/test.stamp servers $(if $(DATA),need-data .venv-models/stamp)  ## measure data sets on DATA=folder (MEASURE="rates --photos 1500 --rounds 3")
	@$(CLEAN_ENV) $(BIN)/python -m benchmarks.batch $(MEASURE) $(if $(DATA),--data "$(DATA)" --peer $(MODELS_BIN)/python)

bench-logs: .venv/test.stamp servers  ## a log server away for 60 s: what logging costs meanwhile (MEASURE="stalled 20": it takes nothing for 20 s)
	@$(CLEAN_ENV) $(BIN)/python -m benchmarks.log_outage $(MEASURE) >/dev/null

.PHONY: servers
servers:  # the real servers that the flow tests start: by apt where root; else those tests skip and say so
	@./tests/servers.sh

# --- the stack ----------------------------------------------------------------------------------

VERSION ?= 0.1.0
REGISTRY ?=
IMAGE_PREFIX := $(if $(REGISTRY),$(REGISTRY)/,attrai/)
IMAGES := bot estimator batch flower
DOCKERFILE_flower := deploy/flower/Dockerfile
FILES ?= docker-stack.yml
SERVICE ?=
ESTIMATORS ?=
DEPLOY = IMAGE_PREFIX=$(IMAGE_PREFIX) VERSION=$(VERSION) PYTHONPATH=deploy $(PYTHON) -m attrai_deploy

.PHONY: images images-push need-registry deploy batch undeploy scale logs refused backup-graylog stack-requirements
images: $(IMAGES:%=image-%)  ## build every service's image (REGISTRY=host/path names them for a registry; make -j2: two at a time)

.PHONY: $(IMAGES:%=image-%)
$(IMAGES:%=image-%): image-%: | $(if $(filter images-push,$(MAKECMDGOALS)),need-registry)
	@docker build -q --network host --build-arg VERSION=$(VERSION) -t $(IMAGE_PREFIX)$*:$(VERSION) -f $(or $(DOCKERFILE_$*),$*/Dockerfile) .

need-registry:
	@test -n "$(REGISTRY)" || { echo "name the registry: make images-push REGISTRY=host/path"; exit 1; }

images-push: need-registry images  ## build and push them (REGISTRY=host/path)
	@$(foreach image,$(IMAGES),docker push $(IMAGE_PREFIX)$(image):$(VERSION) &&) true

deploy:  ## deploy to this Swarm node (SERVICE=name alone, ESTIMATORS=as many as there are, else 4, FILES="docker-stack.yml docker-stack.light.yml")
	@$(DEPLOY) up $(FILES:%=--file %) $(if $(SERVICE),--service $(SERVICE)) $(if $(ESTIMATORS),--estimators $(ESTIMATORS)) $(if $(REGISTRY),--resolve-image always)

SOURCE ?=
OPTIONS ?=
batch:  ## a data set through the stack's batch estimators: SOURCE=name below BATCH_ROOT (ESTIMATORS=2, OPTIONS="--faces largest")
	@test -n "$(SOURCE)" || { echo "name a folder or an archive below BATCH_ROOT: make batch SOURCE=lfw"; exit 1; }
	@PYTHONPATH=deploy $(PYTHON) -m attrai_deploy.batch --estimators $(or $(ESTIMATORS),2) "$(SOURCE)" $(OPTIONS)

undeploy:  ## take the stack away; volumes and secrets stay (SECRETS=1: not the secrets)
	@$(DEPLOY) down $(if $(SECRETS),--secrets)

scale:  ## so many estimators: N=6
	@test -n "$(N)" || { echo "how many: make scale N=6"; exit 1; }
	@$(DEPLOY) scale $(N)

logs:  ## every record of a request: REQUEST=id, or its first digits
	@test -n "$(REQUEST)" || { echo "of which request: make logs REQUEST=1a2b3c4d"; exit 1; }
	@$(DEPLOY) logs "$(REQUEST)"

refused:  ## how many messages nobody could read, and what the oldest are (EMPTY=1: then takes all of them away)
	@$(DEPLOY) refused $(if $(EMPTY),--empty)

backup-graylog:  ## Graylog's settings, as an archive in out/
	@mkdir -p out && $(DEPLOY) backup-graylog out

stack-requirements: .venv/uv.stamp  # pin Flower's dependencies with hashes, after `make requirements`
	@$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-package attrai-shared \
		--custom-compile-command "make stack-requirements" -c requirements/test.txt deploy/flower/requirements.in requirements/build.in \
		shared/pyproject.toml -o deploy/flower/requirements.txt

DRILL ?=
STANDINS ?=
OPTIONAL ?=
PHOTOS ?= 20000
SEED ?=
DRILLED = STANDINS="$(STANDINS)" OPTIONAL="$(OPTIONAL)" SEED="$(SEED)" ./tests/stack/run.sh
.PHONY: stack-test soak
stack-test: .venv/test.stamp  ## drill the stack on a real Swarm here and remove it (DRILL="kills flood": these alone; STANDINS=script: no registry)
	@$(DRILLED) $(DRILL)

soak: .venv/test.stamp  ## endurance: PHOTOS=20000 through the stack, memory and times measured; hours
	@DRILLS_WITHIN=20000 $(DRILLED) soak=$(PHOTOS)
