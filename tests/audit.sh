#!/usr/bin/env bash
# Looks every pinned package up for known vulnerabilities with pip-audit, without installing it.
# Arguments: options for pip-audit (the advisory service), then -- and the requirements files.
# Status 1: a finding that requirements/audit.exceptions does not explain. Status 2: a package could not be looked up.
set -uo pipefail
cd "$(dirname "$0")/.."

options=()
while (($#)) && [[ $1 != -- ]]; do options+=("$1"); shift; done
shift
for file in "$@"; do options+=(-r "$file"); done
while read -r id reason; do
    [[ $id && $id != \#* ]] || continue
    [[ $reason ]] || { echo "requirements/audit.exceptions: $id has no reason" >&2; exit 2; }
    options+=(--ignore-vuln "$id")
done < "${EXCEPTIONS:-requirements/audit.exceptions}"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
found=$(.venv/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off --desc off "${options[@]}" 2> "$log")
status=$?
if ((status == 0)); then
    tail -n 1 "$log"
elif [[ $found ]]; then
    echo "$found"
    echo "known vulnerabilities: raise the versions, or explain each in requirements/audit.exceptions" >&2
    exit 1
else
    tail -n 1 "$log" >&2
    echo "no audit: not every package could be looked up" >&2
    exit 2
fi
