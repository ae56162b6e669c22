"""The cost of logging while a real syslog-ng is away or stalls, and the counts afterwards (`make bench-logs`).

python -m benchmarks.log_outage away|stalled|there [SECONDS [RECORDS_A_SECOND]] >/dev/null

Prints each bound as kept or broken, to standard error. Exit status: 1 if one is broken, 2 if syslog-ng is missing.
"""

import logging
import resource
import signal
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrai_shared.logs import LogTarget, configure_logs, event
from attrai_shared.logs.pipeline import GRAYLOG_QUEUE_RECORDS

from tests.syslog_ng import SYSLOG_NG, SyslogNg

LOGGER = logging.getLogger("attrai_test")
REQUEST, USER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
STEP_SECONDS = {"decode": 0.0121, "detect": 0.0852, "score": 0.0164, "annotate": 0.0033, "encode": 0.0048}
MAX_CALL_S = 0.001
"""Of 99 calls in 100."""
MAX_MEMORY_GROWTH_MB = 16.0
"""For 13,000 records of under 1 KB (buffer, batch, console) and Python's own memory. 60,000 records took 40 MB."""
PRINTED_QUANTILES = (0.5, 0.99, 0.999)
DELIVERY_TIMEOUT_S = 120.0
"""For all kept records to arrive, once the server is back."""


class Calls:
    """Of each call: wall seconds, CPU seconds, voluntary and involuntary context switches."""

    def __init__(self, count: int) -> None:
        self.seconds, self.worked = array("d", bytes(8 * count)), array("d", bytes(8 * count))
        self.waits, self.stops = array("l", bytes(8 * count)), array("l", bytes(8 * count))

    def measure(self, rate: int) -> None:
        """Log one event a call, at the rate; the times are of the call alone."""
        start = time.perf_counter()
        for number in range(len(self.seconds)):
            time.sleep(max(0.0, start + number / rate - time.perf_counter()))
            before = resource.getrusage(resource.RUSAGE_THREAD)
            began, worked = time.perf_counter(), time.thread_time()
            event(
                LOGGER, "photo_estimated", request_id=REQUEST, user=USER, seconds=STEP_SECONDS, faces=3, number=number
            )
            self.worked[number] = time.thread_time() - worked
            self.seconds[number] = time.perf_counter() - began
            after = resource.getrusage(resource.RUSAGE_THREAD)
            self.waits[number] = after.ru_nvcsw - before.ru_nvcsw
            self.stops[number] = after.ru_nivcsw - before.ru_nivcsw


@dataclass(frozen=True)
class LoggingCost:
    """The calls, the growth of the process in MB, and what the server received."""

    how: str
    calls: Calls
    grown: float
    documents: list[dict[str, Any]]

    def bounds(self) -> dict[str, bool]:
        """Each bound, and whether it held. The log's own records take places in the buffer too."""
        numbers = {document["_number"] for document in self.documents if "_number" in document}
        own = sum("_number" not in document and "_records" not in document for document in self.documents)
        dropped = sum(document.get("_records", 0) for document in self.documents)
        fit = (
            len(self.calls.seconds)
            if self.how == "there"
            else min(len(self.calls.seconds), GRAYLOG_QUEUE_RECORDS - own)
        )
        late = sorted(self.calls.seconds)[int(len(self.calls.seconds) * 0.99)]
        return {
            f"99 calls in 100 within {late * 1e3:.2f} ms, of {MAX_CALL_S * 1e3:g}": late <= MAX_CALL_S,
            f"memory grew by {self.grown:.1f} MB, of {MAX_MEMORY_GROWTH_MB:g}": self.grown <= MAX_MEMORY_GROWTH_MB,
            f"the first {fit:,} records fit the buffer and arrived": numbers >= set(range(fit)),
            f"{len(self.calls.seconds):,} sent = {len(numbers):,} arrived + {dropped:,} reported as dropped": (
                len(self.calls.seconds) == len(numbers) + dropped
            ),
        }


def main(how: str, seconds: float, rate: int) -> int:
    """Log at the rate for `seconds`, let the server come back, and write the measurements to standard error."""
    if SYSLOG_NG is None:
        sys.stderr.write("needs syslog-ng: install Debian's syslog-ng-core (make servers)\n")
        return 2
    with TemporaryDirectory() as folder:
        server = SyslogNg(Path(folder))
        if how != "away":
            server.start()
        if how == "stalled":
            server.signal(signal.SIGSTOP)
        try:
            measured = _measured(how, server, int(seconds * rate), rate)
        finally:
            server.stop()
    return _report(measured, seconds, rate)


def _measured(how: str, server: SyslogNg, count: int, rate: int) -> LoggingCost:
    target = LogTarget("127.0.0.1", server.port)
    logs = configure_logs("estimator", replica="r1", version="0.1.0", graylog=target)
    calls = Calls(count)
    before = _megabytes()
    calls.measure(rate)
    grown = _megabytes() - before
    if how == "away":
        server.start()
    elif how == "stalled":
        server.signal(signal.SIGCONT)
    if logs.graylog is not None:
        queue = logs.graylog.queue
        _wait_until(lambda: not queue.undelivered())
    logs.stop()
    _wait_until(
        lambda: (
            sum(document.get("_records", "_number" in document) for document in server.documents().values()) >= count
        )
    )
    return LoggingCost(how, calls, grown, list(server.documents().values()))


def _wait_until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds or the timeout expires, which shows as a broken bound."""
    until = time.monotonic() + DELIVERY_TIMEOUT_S
    while time.monotonic() < until and not condition():
        time.sleep(0.2)


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _report(measured: LoggingCost, seconds: float, rate: int) -> int:
    bounds, calls = measured.bounds(), measured.calls
    sys.stderr.write(f"syslog-ng {measured.how} for {seconds:g} s, {rate:,} records a second\n")
    for name, times in {"calls": sorted(calls.seconds), "their time on a processor": sorted(calls.worked)}.items():
        shares = ", ".join(
            f"{share:.1%} within {times[int(len(times) * share)] * 1e6:.0f} us" for share in PRINTED_QUANTILES
        )
        sys.stderr.write(f"  {name}: {shares}, the longest {times[-1] * 1e3:.1f} ms\n")
    slow = [number for number, took in enumerate(calls.seconds) if took > MAX_CALL_S]
    waits, stops = (sum(times[number] > 0 for number in slow) for times in (calls.waits, calls.stops))
    sys.stderr.write(
        f"  over {MAX_CALL_S * 1e3:g} ms: {len(slow):,}; {stops:,} of these the kernel had stopped, {waits:,} waited for something\n"
    )
    for bound, kept in bounds.items():
        sys.stderr.write(f"  {'kept  ' if kept else 'BROKEN'}  {bound}\n")
    return 0 if all(bounds.values()) else 1


if __name__ == "__main__":
    given = sys.argv[1:] + ["away", "60", "1000"][len(sys.argv) - 1 :]
    sys.exit(main(given[0], float(given[1]), int(given[2])))
