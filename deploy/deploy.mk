# --- stack --------------------------------------------------------------------------------------

VERSION ?= 0.1.0
REGISTRY ?=
IMAGE_PREFIX := $(if $(REGISTRY),$(REGISTRY)/,attrai/)
IMAGES := bot estimator batch flower
DOCKERFILE_flower := deploy/flower/Dockerfile
FILES ?= docker-stack.yml
SERVICE ?=
ESTIMATORS ?=
DEPLOY = IMAGE_PREFIX=$(IMAGE_PREFIX) VERSION=$(VERSION) PYTHONPATH=deploy $(PYTHON) -m attrai_deploy

BUILD = docker build -q --network host --build-arg VERSION=$(VERSION)

.PHONY: images images-push need-registry deploy batch undeploy scale logs refused backup-graylog
images: $(IMAGES:%=image-%)  ## build every service's image (REGISTRY=host/path: named for a registry; make -j2: two at a time)

.PHONY: image-base $(IMAGES:%=image-%)
image-base: | $(if $(filter images-push,$(MAKECMDGOALS)),need-registry)
	@$(BUILD) --target build -t attrai/build:$(VERSION) -f deploy/base.Dockerfile .
	@$(BUILD) --target base -t attrai/base:$(VERSION) -f deploy/base.Dockerfile .

$(IMAGES:%=image-%): image-%: image-base | $(if $(filter images-push,$(MAKECMDGOALS)),need-registry)
	@$(BUILD) -t $(IMAGE_PREFIX)$*:$(VERSION) -f $(or $(DOCKERFILE_$*),$*/Dockerfile) .

need-registry:
	@test -n "$(REGISTRY)" || { echo "name the registry: make images-push REGISTRY=host/path"; exit 1; }

images-push: need-registry images  ## build the images and push them (REGISTRY=host/path)
	@$(foreach image,$(IMAGES),docker push $(IMAGE_PREFIX)$(image):$(VERSION) &&) true

deploy:  ## deploy to this Swarm node (SERVICE=name: only this one; ESTIMATORS=n, default: unchanged, at first 4; FILES="docker-stack.yml deploy/stack/light.yml")
	@$(DEPLOY) up $(FILES:%=--file %) $(if $(SERVICE),--service $(SERVICE)) $(if $(ESTIMATORS),--estimators $(ESTIMATORS)) $(if $(REGISTRY),--resolve-image always)

SOURCE ?=
OPTIONS ?=
batch:  ## run a data set through the stack's batch estimators (SOURCE=name below BATCH_ROOT, ESTIMATORS=2, OPTIONS="--faces largest")
	@test -n "$(SOURCE)" || { echo "name a folder or an archive below BATCH_ROOT: make batch SOURCE=lfw"; exit 1; }
	@PYTHONPATH=deploy $(PYTHON) -m attrai_deploy.batch --estimators $(or $(ESTIMATORS),2) "$(SOURCE)" $(OPTIONS)

undeploy:  ## remove the stack; volumes and secrets stay (SECRETS=1: remove the secrets too)
	@$(DEPLOY) down $(if $(SECRETS),--secrets)

scale:  ## set the number of estimators (N=6)
	@test -n "$(N)" || { echo "name the number: make scale N=6"; exit 1; }
	@$(DEPLOY) scale $(N)

logs:  ## print every log record of a request (REQUEST=id, or its first digits)
	@test -n "$(REQUEST)" || { echo "name the request: make logs REQUEST=1a2b3c4d"; exit 1; }
	@$(DEPLOY) logs "$(REQUEST)"

refused:  ## count the messages that no service could read and show the oldest (EMPTY=1: then delete all)
	@$(DEPLOY) refused $(if $(EMPTY),--empty)

backup-graylog:  ## save Graylog's settings as an archive in out/
	@mkdir -p out && $(DEPLOY) backup-graylog out
