#!/bin/bash
# Runs the server named by its arguments. Its lines go to the console and, as syslog datagrams (RFC 5424), to LOG_HOST where one is named.
# A datagram waits for nobody: a log server that is away costs the lines and nothing else. Nor does a line cost a process: bash does it all.
set -u
[[ -n "${LOG_HOST:-}" ]] || exec "$@"

rabbitmq='^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.+-]+ \[([a-z]+)\] '
redis='^[0-9]+:[A-Z] [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:.]+ # '

# Sets the priority of a line: 8 times syslog's facility 3, a daemon, plus the severity that RabbitMQ's word or Redis's sign says.
rate() {
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
    local line priority LC_ALL=C  # counts bytes
    local -x TZ=UTC0
    while IFS= read -r line; do
        printf '%s\n' "$line"
        rate "$line"
        # Graylog's input needs the time: a message without one loses its source and its program there. Longer than bash's buffer of 4,096
        # bytes it would be several datagrams, of which only the first has a header.
        printf '<%d>1 %(%Y-%m-%dT%H:%M:%SZ)T %s %s - - - %s' "$priority" -1 "$LOG_NAME" "$LOG_NAME" "${line:0:4000}" \
            2>/dev/null >"/dev/udp/$LOG_HOST/1514"
    done 2>/dev/null
}

exec "$@" > >(forward) 2>&1
