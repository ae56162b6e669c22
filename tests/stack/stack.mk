# --- drills of the deployed stack ---------------------------------------------------------------

DRILL ?=
STANDINS ?=
OPTIONAL ?=
PHOTOS ?= 20000
SEED ?=
RUN_DRILLS = STANDINS="$(STANDINS)" OPTIONAL="$(OPTIONAL)" SEED="$(SEED)" ./tests/stack/run.sh

.PHONY: stack-test soak
stack-test: .venv/test.stamp  ## deploy the stack to a real Swarm here, drill it, remove it (DRILL="kills flood": only these; STANDINS=script: no registry)
	@$(RUN_DRILLS) $(DRILL)

soak: .venv/test.stamp  ## endurance: send PHOTOS=20000 through the stack, measure memory and times; hours
	@DRILLS_TIMEOUT_S=20000 $(RUN_DRILLS) soak=$(PHOTOS)
