#!/usr/bin/env bash
# A Docker engine for one run, sourced by tests/stack/run.sh. Its state, socket and pid are in a folder of the run. It
# writes no firewall rules and listens only on the loopback.

ENGINE_BRIDGE=attrai_test_gw
ENGINE_START_TIMEOUT_S=60

# engine_start FOLDER: starts an engine and sets DOCKER_HOST, or prints why not and returns 1. Two such engines would
# share the bridge, and the first to stop would remove it: beside another engine it ends the script.
engine_start() {
    ! ip link show "$ENGINE_BRIDGE" >/dev/null 2>&1 ||
        { echo "another run uses the bridge $ENGINE_BRIDGE. If that run was killed: ip link delete $ENGINE_BRIDGE"; exit 1; }
    ((EUID == 0)) || { echo "no Docker engine answers, and only root can start one"; return 1; }
    PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
    command -v dockerd >/dev/null || engine_install || { echo "no Docker engine answers, and dockerd cannot be installed by apt"; return 1; }
    mkdir -p "$1"
    export DOCKER_HOST="unix://$1/socket"
    # No bridge and no firewall rules: Swarm's bridge is created below, and no container needs the internet.
    setsid dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" --host "$DOCKER_HOST" \
        --bridge none --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false >"$1/log" 2>&1 </dev/null &
    ENGINE_PID=$!
    for _ in $(seq "$ENGINE_START_TIMEOUT_S"); do
        timeout 10 docker info >/dev/null 2>&1 && { engine_make_bridge; return; }
        kill -0 "$ENGINE_PID" 2>/dev/null || break
        sleep 1
    done
    echo "dockerd does not start: $(tail -n 1 "$1/log")"
    return 1
}

# engine_stop FOLDER: stops it and removes its bridge, mounts and folder.
engine_stop() {
    [[ -n ${ENGINE_PID:-} ]] || return 0
    timeout 60 docker swarm leave --force >/dev/null 2>&1 || true
    kill "$ENGINE_PID" 2>/dev/null || true
    for _ in $(seq 60); do
        kill -0 "$ENGINE_PID" 2>/dev/null || break
        sleep 1
    done
    kill -KILL "$ENGINE_PID" 2>/dev/null || true
    ip link delete "$ENGINE_BRIDGE" 2>/dev/null || true
    awk -v under="$1/" 'index($5, under) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
    rm -rf "$1"
}

# Swarm's gateway bridge, by which this machine reaches containers, with published ports only on the loopback.
engine_make_bridge() {
    docker network create -o com.docker.network.bridge.name="$ENGINE_BRIDGE" -o com.docker.network.bridge.enable_icc=false \
        -o com.docker.network.bridge.enable_ip_masquerade=false -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 docker_gwbridge >/dev/null
}

engine_install() {
    command -v apt-get >/dev/null || return 1
    echo "installing Docker's engine ..." >&2
    # Without this file Debian starts the engine at its installation. An existing file is not changed.
    local policy=/usr/sbin/policy-rc.d
    [[ -e $policy ]] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && trap 'rm -f /usr/sbin/policy-rc.d; trap - RETURN' RETURN; }
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables; } >/dev/null 2>&1
}
