#!/bin/bash
# Runs the server given as arguments. Its output goes to the console and, if LOG_HOST is set, there as syslog datagrams
# (RFC 5424). Datagrams never block: without a log server only the lines are lost. bash starts no process for a line.
set -u
[[ -n "${LOG_HOST:-}" ]] || exec "$@"

rabbitmq='^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.+-]+ \[([a-z]+)\] '
redis='^[0-9]+:[A-Z] [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:.]+ # '

# Sets the priority of a line: 8 times syslog's facility 3 (daemon), plus the severity from RabbitMQ's level or Redis's
# sign.
set_priority() {
    priority=30
    [[ ! $1 =~ $redis ]] || priority=28
    [[ $1 =~ $rabbitmq ]] || return
    case ${BASH_REMATCH[1]} in
        critical) priority=26 ;;
        error) priority=27 ;;
        warning) priority=28 ;;
        notice) priority=29 ;;
    esac
}

forward() {
    local line priority LC_ALL=C  # lengths are in bytes
    local -x TZ=UTC0
    while IFS= read -r line; do
        printf '%s\n' "$line"
        set_priority "$line"
        # Graylog's input needs the time: without it, a message loses its source and program. bash splits what exceeds
        # its buffer of 4,096 bytes into several datagrams, and only the first has the header.
        printf '<%d>1 %(%Y-%m-%dT%H:%M:%SZ)T %s %s - - - %s' "$priority" -1 "$LOG_NAME" "$LOG_NAME" "${line:0:4000}" \
            2>/dev/null >"/dev/udp/$LOG_HOST/1514"
    done 2>/dev/null
}

exec "$@" > >(forward) 2>&1
