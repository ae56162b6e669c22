#!/usr/bin/env bash
# A Docker engine for one run, for tests/stack/run.sh to source. State, sockets and pid lie in a folder of its own, it writes no firewall rules, and nothing
# of it listens beyond the loopback.

ENGINE_BRIDGE=attrai_test_gw
ENGINE_STARTS_WITHIN=60

# engine_start FOLDER: the engine that `docker` reaches from here on. Without one it says why, and its status is 1. Two such engines would share the bridge, and
# the first to end would take it from the other: beside one it ends the script.
engine_start() {
    ! ip link show "$ENGINE_BRIDGE" >/dev/null 2>&1 ||
        { echo "another run is at work here: its bridge $ENGINE_BRIDGE is there. After a run that was killed: ip link delete $ENGINE_BRIDGE"; exit 1; }
    ((EUID == 0)) || { echo "no Docker engine answers, and only root can start one"; return 1; }
    PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
    command -v dockerd >/dev/null || engine_install || { echo "no Docker engine answers, and dockerd cannot be installed by apt"; return 1; }
    mkdir -p "$1"
    export DOCKER_HOST="unix://$1/socket"
    # A bridge and rules are the host's: the one bridge that Swarm needs is made below, and no container has to reach the world.
    setsid dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" --host "$DOCKER_HOST" \
        --bridge none --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false >"$1/log" 2>&1 </dev/null &
    ENGINE_PID=$!
    for _ in $(seq "$ENGINE_STARTS_WITHIN"); do
        timeout 10 docker info >/dev/null 2>&1 && { engine_make_bridge; return; }
        kill -0 "$ENGINE_PID" 2>/dev/null || break
        sleep 1
    done
    echo "dockerd does not start here: $(tail -n 1 "$1/log")"
    return 1
}

# engine_stop FOLDER: ends it with all that it made.
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

# The bridge by which containers are reached from this machine, as Swarm would make it, but its published ports are the loopback's.
engine_make_bridge() {
    docker network create -o com.docker.network.bridge.name="$ENGINE_BRIDGE" -o com.docker.network.bridge.enable_icc=false \
        -o com.docker.network.bridge.enable_ip_masquerade=false -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 docker_gwbridge >/dev/null
}

engine_install() {
    command -v apt-get >/dev/null || return 1
    echo "installing Docker's engine ..." >&2
    # Debian starts the engine when it is installed, unless this file forbids it. An administrator's own file is left as it is.
    local policy=/usr/sbin/policy-rc.d
    [[ -e $policy ]] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && trap 'rm -f /usr/sbin/policy-rc.d; trap - RETURN' RETURN; }
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables; } >/dev/null 2>&1
}
