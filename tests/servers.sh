#!/usr/bin/env bash
# The real servers that tests start themselves: installs those that are missing, by apt, where we are root. None is left running.
set -euo pipefail
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

POLICY=/usr/sbin/policy-rc.d
declare -A PACKAGE_OF=([rabbitmq-server]=rabbitmq-server [redis-server]=redis-server [chromium]=chromium [syslog-ng]=syslog-ng-core)

missing() {
    for program in "${!PACKAGE_OF[@]}"; do
        command -v "$program" >/dev/null || echo "${PACKAGE_OF[$program]}"
    done
}

tell_and_end() {
    echo "The tests that need $(paste -sd, - <<<"$1" | sed 's/,/, /g') will be skipped ($2); install what they need from Debian's packages of these names." >&2
    exit 0
}

# Debian starts a server when it is installed, unless this file forbids it. An administrator's own file is left as it is.
forbid_starting() {
    [[ -e $POLICY ]] && return
    trap 'rm -f "$POLICY"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
}

forbid_starting_at_boot() {
    [[ ! -d /run/systemd/system ]] || systemctl disable -q "$@" 2>/dev/null || true
}

install() {
    export DEBIAN_FRONTEND=noninteractive
    forbid_starting
    apt-get update -qq >/dev/null && apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

packages=$(missing)
[[ -n $packages ]] || exit 0
((EUID == 0)) || tell_and_end "$packages" "not root, so they cannot be installed"
command -v apt-get >/dev/null || tell_and_end "$packages" "there is no apt here to install them"

mapfile -t names <<<"$packages"
echo "installing ${names[*]} ..."
install "${names[@]}" || tell_and_end "$packages" "apt could not install them"
for name in "${names[@]}"; do
    forbid_starting_at_boot "${name%-core}"
done
