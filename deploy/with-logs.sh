#!/bin/bash
# Runs the server named by its arguments. Its log lines go to the console and, as syslog datagrams (RFC 5424), to LOG_HOST where one is named.
# A datagram waits for nobody: a log server that is away costs the lines and nothing else.
set -u
[[ -n "${LOG_HOST:-}" ]] || exec "$@"

forward() {
    local line
    while IFS= read -r line; do
        printf '%s\n' "$line"
        printf '<30>1 - %s %s - - - %s' "$LOG_NAME" "$LOG_NAME" "$line" 2>/dev/null >"/dev/udp/$LOG_HOST/1514"
    done 2>/dev/null
}

exec "$@" > >(forward) 2>&1
