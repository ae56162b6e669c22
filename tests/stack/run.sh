#!/usr/bin/env bash
# Deploys the real stack file to a one-node Swarm on this machine, with stand-ins for Telegram and Graylog, runs the
# named drills (default: all) and removes everything that it created. Without a Docker engine it starts one, as root.
#
# STANDINS=script  builds stand-ins for the public images; default: they come from the registry
# OPTIONAL=1       if no engine can run, says so and succeeds
# SEED=number      repeats the kills of a run: their order and moments
# LOGS=folder      for the services' logs after a failure
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/stack/engine.sh

BUILD_TIMEOUT_S=1500
DRILLS_TIMEOUT_S=${DRILLS_TIMEOUT_S:-4200}  # seconds
LOGS=${LOGS:-out/stack-test}
work=$(mktemp -d -t attrai-stack.XXXXXX)
joined= deployed= passed=

# The run has its own image tag and token, so a user's images on this machine do not change.
export VERSION=drill BOT_TOKEN=42:canary-token BATCH_ROOT=$work/sets BATCH_OUT=$work/tables

main() {
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    say "an engine"
    timeout 20 docker info >/dev/null 2>&1 || engine_start "$work" || skip_without_engine
    refuse_existing_stack
    docker node ls >/dev/null 2>&1 || { docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377 >/dev/null; joined=1; }
    say "images"
    twice build_all
    say "deploying"
    deployed=1
    mkdir "$BATCH_ROOT" && mkdir -m 777 "$BATCH_OUT"
    bounded 600 make -s deploy FILES="docker-stack.yml deploy/stack/batch.yml tests/stack/stand-ins.yml" ESTIMATORS=1
    say "drills"
    PYTHONPATH=tests/stack:deploy bounded "$DRILLS_TIMEOUT_S" .venv/bin/python -m drills "$@"
    passed=1
}

skip_without_engine() {
    [[ -n ${OPTIONAL:-} ]] || exit 1
    echo "stack-test: SKIPPED because no Docker engine can run on this machine. The stack was not tested."
    passed=1
    exit 0
}

# Volumes and secrets with the stack's name may belong to a user's deployment.
refuse_existing_stack() {
    local existing
    existing=$(docker volume ls -q --filter name=^attrai_; docker secret ls --format '{{.Name}}' 2>/dev/null | grep ^attrai_ || true)
    [[ -z $existing ]] || { echo "a stack \"attrai\" is or was deployed here, and this run would remove it: $(paste -sd' ' <<<"$existing")"; exit 1; }
}

build_all() {  # `twice` disables errexit in it, so each step returns its failure
    local background=() failed=0
    if [[ -n ${STANDINS:-} ]]; then start_stand_ins || return 1; fi
    bounded "$BUILD_TIMEOUT_S" make -s image-base VERSION="$VERSION" || return 1
    for image in telegram receiver; do build_own "$image" "$image" --build-arg VERSION="$VERSION" & background+=($!); done
    bounded "$BUILD_TIMEOUT_S" make -s -j "$(nproc)" images VERSION="$VERSION" || failed=1
    for job in "${background[@]}"; do wait "$job" || failed=1; done
    ((failed == 0)) || return 1
    [[ -z ${STANDINS:-} ]] || tag_stand_ins || return 1
    background=()
    for image in faulty relabelled; do build_own "$image" "$image" --build-arg VERSION="$VERSION" & background+=($!); done
    for image in bot estimator; do build_own "next-$image" next --build-arg BASE="attrai/$image:$VERSION" & background+=($!); done
    for job in "${background[@]}"; do wait "$job" || failed=1; done
    return "$failed"
} 2>"$work/build.log"

# Builds the stand-ins in the background and returns as soon as the one for Python is there: the other images start
# from it.
start_stand_ins() {
    local python
    python=$(sed -n 's/^ARG PYTHON=//p' deploy/base.Dockerfile)
    bounded "$BUILD_TIMEOUT_S" "$STANDINS" "${python#python:}" &
    background+=($!)
    until docker image inspect "$python" >/dev/null 2>&1; do
        if ! kill -0 "${background[0]}" 2>/dev/null; then
            wait "${background[0]}" && docker image inspect "$python" >/dev/null
            return
        fi
        sleep 1
    done
}

# build_own IMAGE DOCKERFILE [OPTION ...]
build_own() {
    bounded "$BUILD_TIMEOUT_S" docker build -q --network host -t "attrai-test/$1" -f "tests/stack/images/$2.Dockerfile" "${@:3}" . >/dev/null
}

# Gives the servers' stand-ins the exact tags of the stack file.
tag_stand_ins() {
    local name
    for name in rabbitmq redis; do
        docker tag "$(docker image ls --format '{{.Repository}}:{{.Tag}}' "$name" | head -n 1)" "$(sed -n "s/^ *image: \($name:.*\)/\1/p" docker-stack.yml)"
    done
}

# Registries and mirrors have short outages.
twice() {
    "$@" || { echo "failed, trying again: $(tail -n 3 "$work/build.log")"; "$@"; } || { cat "$work/build.log"; return 1; }
}

bounded() {  # in the foreground, so that it receives Ctrl-C
    timeout --foreground --kill-after=60 "$@"
}

say() {
    printf '%4d s  %s\n' "$SECONDS" "$1"
}

clean_up() {
    trap '' INT TERM
    set +e
    [[ -n $passed || -z $deployed ]] || keep_logs
    [[ -z $deployed ]] || remove_stack
    [[ -z $joined ]] || timeout 60 docker swarm leave --force >/dev/null 2>&1
    engine_stop "$work"
    rm -rf "$work"
    say "clean"
}

keep_logs() {
    mkdir -p "$LOGS"
    docker stack ps --no-trunc attrai >"$LOGS/tasks.txt" 2>&1
    for container in $(docker ps -aq --filter label=com.docker.stack.namespace=attrai); do
        timeout 60 docker logs "$container" >"$LOGS/$(docker inspect -f '{{.Name}}' "$container" | tr -d /).log" 2>&1
    done
    cp "$work/log" "$LOGS/engine.log" 2>/dev/null
    echo "the services' logs are in $LOGS"
}

remove_stack() {
    timeout 240 make -s undeploy SECRETS=1 >/dev/null 2>&1
    docker ps -aq --filter label=com.docker.stack.namespace=attrai | xargs -r docker rm -f >/dev/null 2>&1
    docker volume ls -q --filter name=^attrai_ | xargs -r docker volume rm >/dev/null 2>&1
    docker image ls -q --filter "reference=attrai/*:$VERSION" --filter 'reference=attrai-test/*' | xargs -r docker image rm -f >/dev/null 2>&1
}

main "$@"
