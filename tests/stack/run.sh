#!/usr/bin/env bash
# Deploys the real stack file to this machine's Swarm, with stand-ins for what it cannot have, runs the drills named (all without a name), and removes
# everything that it made. The base images and those of RabbitMQ and Redis must be there under the names that the files use.
set -euo pipefail
cd "$(dirname "$0")/../.."
export BOT_TOKEN=42:canary-token
STACK_FILES="docker-stack.yml tests/stack/stand-ins.yml"

docker info >/dev/null || { echo "no Docker engine answers"; exit 1; }
docker secret ls --format '{{.Name}}' 2>/dev/null | grep -q '^attrai_' && { echo "a stack is deployed here already; this would remove its secrets"; exit 1; }

joined=
if ! docker node ls >/dev/null 2>&1; then
    docker swarm init --advertise-addr 127.0.0.1 >/dev/null
    joined=1
fi

remove() {
    make -s undeploy SECRETS=1 || true
    for _ in $(seq 60); do
        [[ -n $(docker ps -q --filter label=com.docker.stack.namespace=attrai) ]] || break
        sleep 1
    done
    docker volume rm attrai_{photos,records,redis,rabbitmq,graylog,mongodb,opensearch} >/dev/null 2>&1 || true
    [[ -z $joined ]] || docker swarm leave --force >/dev/null
}

make -s images
for image in telegram receiver faulty; do
    docker build -q --network host -t "attrai-test/$image" -f "tests/stack/images/$image.Dockerfile" . >/dev/null
done
trap remove EXIT
make -s deploy FILES="$STACK_FILES" ESTIMATORS=1
PYTHONPATH=tests/stack:deploy .venv/bin/python -m drills "$@"
