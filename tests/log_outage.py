"""Measures by hand what a logging call costs while the log server is away, or stalls, and that the counts add up after.

.venv/bin/python tests/log_outage.py away|stalled|there [SECONDS [RECORDS_A_SECOND]] >/dev/null
"""

import json
import logging
import resource
import socket
import sys
import threading
import time

from attrai_shared.logs import LogTarget, configure_logs, event

LOGGER = logging.getLogger("attrai_test")
REQUEST, USER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
SECONDS = {"decode": 0.0121, "detect": 0.0852, "score": 0.0164, "annotate": 0.0033, "encode": 0.0048}


def main(how: str, seconds: float, rate: int) -> None:
    """Logs at the rate for so many seconds, lets the server come back, and writes what was measured to standard error."""
    listening = socket.create_server(("127.0.0.1", 0))
    target = LogTarget("127.0.0.1", listening.getsockname()[1])
    reading, received = threading.Event(), bytearray()
    if how == "away":
        listening.close()
    else:
        _serve(listening, reading, received)
    if how == "there":
        reading.set()
    logs = configure_logs("estimator", replica="r1", version="0.1.0", graylog=target)
    before = _megabytes()
    calls = sorted(_timed_calls(int(seconds * rate), rate))
    grown = _megabytes() - before
    reading.set()
    if how == "away":
        _serve(socket.create_server(("127.0.0.1", target.port)), reading, received)
    _wait_for_all(logs.graylog)
    logs.stop()
    _report(calls, grown, received)


def _timed_calls(count: int, rate: int) -> list[float]:
    calls, start = [], time.perf_counter()
    for number in range(count):
        time.sleep(max(0.0, start + number / rate - time.perf_counter()))
        began = time.perf_counter()
        event(LOGGER, "photo_estimated", request_id=REQUEST, user=USER, seconds=SECONDS, faces=3, number=number)
        calls.append(time.perf_counter() - began)
    return calls


def _serve(listening: socket.socket, reading: threading.Event, received: bytearray) -> None:
    def serve() -> None:
        while True:
            connection, _ = listening.accept()
            reading.wait()
            with connection:
                while chunk := connection.recv(65_536):
                    received.extend(chunk)

    threading.Thread(target=serve, daemon=True).start()


def _wait_for_all(outlet: object) -> None:
    while outlet.queue.unsettled():  # type: ignore[attr-defined]
        time.sleep(0.05)


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _report(calls: list[float], grown: float, received: bytearray) -> None:
    documents = {document["_sequence"]: document for document in map(json.loads, received.split(b"\0")[:-1])}
    dropped = sum(document.get("_records", 0) for document in documents.values())
    arrived = sum("_number" in document for document in documents.values())
    others = sum("_number" not in document and "_records" not in document for document in documents.values())
    at = {f"p{share * 100:g}": calls[int(len(calls) * share)] * 1e6 for share in (0.5, 0.99, 0.999)}
    times = ", ".join(f"{name} {microseconds:.0f} us" for name, microseconds in at.items())
    sys.stderr.write(f"a call: {times}, longest {calls[-1] * 1e6:.0f} us; memory grew by {grown:.1f} MB\n")
    sys.stderr.write(f"sent {len(calls)} (and {others} of the log's own) = arrived {arrived} + dropped {dropped}\n")


if __name__ == "__main__":
    given = sys.argv[1:] + ["away", "60", "1000"][len(sys.argv) - 1 :]
    main(given[0], float(given[1]), int(given[2]))
