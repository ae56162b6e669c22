#!/usr/bin/env bash
# Prints the test folders of `make check`: the contracts, and the unit tests of each member that differs from main (on main: from the last commit).
set -euo pipefail
cd "$(dirname "$0")/.."

base=$(git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)
changed=$({ git diff --name-only "$base"; git ls-files --others --exclude-standard; } | sort -u)

echo tests/contracts
for folder in tests/unit/*/; do
    member=$(basename "$folder")
    [[ $member != models ]] || continue # they need torch: make test-models
    ! grep -Eq "^(tests/unit/)?$member/" <<<"$changed" || echo "tests/unit/$member"
done
! grep -Eq '^(deploy|graylog|tests/stack)/|^docker-stack' <<<"$changed" || echo tests/stack
