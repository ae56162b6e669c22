#!/usr/bin/env bash
# Installs each member named into a new environment with its own pinned requirements alone, and runs its own tests there.
# In the shared environment a member could use another's dependencies without anyone noticing.
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
    "$python" -m pytest -q -n 2 -p no:cacheprovider "tests/unit/$service"
done
