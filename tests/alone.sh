#!/usr/bin/env bash
# Installs each service named into an environment of its own, with its own pinned requirements alone, and runs its own tests there:
# in the shared environment a service could lean on another's dependencies without anyone noticing.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=$PWD/.venv/bin/uv
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for service in "$@"; do
    python=$folder/$service/bin/python
    "$uv" venv -q --python .venv/bin/python "$folder/$service"
    "$uv" pip install -q --python "$python" --require-hashes -r "requirements/$service.txt"
    members=(-e shared)
    [[ $service != batch && $service != playground ]] || members+=(-e local)
    [[ $service = shared ]] || members+=(-e "$service")
    "$uv" pip install -q --python "$python" --no-deps --no-build-isolation "${members[@]}"
    "$uv" pip install -q --python "$python" --require-hashes -r requirements/tools.txt
    # the playground's tests talk to it through the bot's own client
    [[ $service != playground ]] || "$uv" pip install -q --python "$python" --require-hashes -r requirements/bot.txt
    echo "$service, alone:"
    "$python" -m pytest -q -p no:cacheprovider "tests/unit/$service"
done
