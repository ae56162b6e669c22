"""Against a real receiver: syslog-ng, which splits at null bytes and lets through what is a JSON document."""

import logging
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrai_shared.logs import LogPipeline, LogTarget, configure_logs, event
from attrai_shared.logs.formats import Gelf
from attrai_shared.logs.graylog import DeliveryOptions, GraylogSender
from attrai_shared.logs.handler import AsyncLogHandler
from attrai_shared.logs.records import Origin

from tests.syslog_ng import SYSLOG_NG, SyslogNg, until

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(SYSLOG_NG is None, reason="needs syslog-ng: install syslog-ng-core (make servers)"),
]
LOGGER = logging.getLogger("attrai_test")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SyslogNg]:
    server = SyslogNg(tmp_path)
    server.start()
    yield server
    server.stop()


def _configured(target: LogTarget) -> LogPipeline:
    return configure_logs("bot", replica="r1", version="0.1.0", graylog=target)


@pytest.mark.usefixtures("capfd")
def test_events_and_tracebacks_arrive(server: SyslogNg) -> None:
    logs = _configured(LogTarget("127.0.0.1", server.port))
    event(LOGGER, "photo_estimated", request_id="0" * 32, user="f" * 32, seconds={"detect": 0.2}, faces=3)
    LOGGER.error("писать некуда", exc_info=OSError(28, "disk"))
    logs.stop()
    until(lambda: len(server.documents()) == 2)
    first, second = server.documents().values()
    assert (first["_event"], first["_seconds_detect"], first["_faces"]) == ("photo_estimated", 0.2, 3)
    assert (second["short_message"], second["_error"], second["level"]) == ("писать некуда", "OSError: ENOSPC", 3)
    assert second["full_message"] == "OSError: ENOSPC"


@pytest.mark.usefixtures("capfd")
def test_an_outage_that_fits_the_buffer_loses_nothing(server: SyslogNg) -> None:
    """Stopped and started again, then frozen and thawed, while records come all the time."""
    logs = _configured(LogTarget("127.0.0.1", server.port))
    outages = {200: server.stop, 500: server.start, 700: _signalling(server, signal.SIGSTOP)}
    outages[900] = _signalling(server, signal.SIGCONT)
    for number in range(1_200):
        outages.get(number, bool)()
        event(LOGGER, "photo_taken", number=number)
        time.sleep(0.001)
    logs.stop(30)
    until(lambda: {document.get("_number") for document in server.documents().values()} >= set(range(1_200)))
    assert not [document for document in server.documents().values() if "_records" in document]


def _signalling(server: SyslogNg, number: int) -> Callable[[], None]:
    return lambda: server.signal(number)


def test_dropped_records_are_counted_exactly_and_the_count_arrives(server: SyslogNg) -> None:
    options = DeliveryOptions(batch_records=100, batch_s=0.2, first_pause_s=0.05, longest_pause_s=0.2)
    target = LogTarget("127.0.0.1", server.port)
    handler = AsyncLogHandler(Gelf(Origin("bot", "r1", "0.1.0")), GraylogSender(target, options).deliver, 500)
    LOGGER.propagate = False
    LOGGER.setLevel(logging.INFO)
    LOGGER.addHandler(handler)
    for number in range(3_000):
        {500: server.stop, 2_500: server.start}.get(number, bool)()
        event(LOGGER, "photo_taken", number=number)
    until(lambda: handler.queue.undelivered() == 0)
    LOGGER.removeHandler(handler)
    LOGGER.propagate = True
    given = handler.queue.next_number()
    handler.close()
    reports = [document for document in server.documents().values() if "_records" in document]
    until(lambda: _arrived(server) + _dropped(server) == given)
    assert _dropped(server) >= 1_000
    assert {report["short_message"] for report in reports} == {"log_records_dropped"}


def _arrived(server: SyslogNg) -> int:
    return sum("_records" not in document for document in server.documents().values())


def _dropped(server: SyslogNg) -> int:
    return sum(document.get("_records", 0) for document in server.documents().values())


def _certificate(folder: Path, name: str, *more: str) -> Path:
    path = folder / f"{name}.pem"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(folder / f"{name}.key")]
    command = ["openssl", "req", "-x509", *key, "-out", str(path), "-days", "2", "-subj", f"/CN={name}", *more]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program to make certificates")
    return _certificate(tmp_path, "authority", "-addext", "keyUsage=critical,keyCertSign")


@pytest.fixture
def tls_server(tmp_path: Path, authority: Path) -> Iterator[SyslogNg]:
    signed = ["-CA", str(authority), "-CAkey", str(authority.with_suffix(".key"))]
    constraints = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost"]
    certificate = _certificate(tmp_path, "server", *signed, *constraints)
    files = f'key-file("{certificate.with_suffix(".key")}") cert-file("{certificate}")'
    server = SyslogNg(tmp_path, f"tls({files} peer-verify(optional-untrusted))")
    server.start()
    yield server
    server.stop()


@pytest.mark.usefixtures("capfd")
def test_over_tls_records_arrive_and_an_outage_loses_none(tls_server: SyslogNg, authority: Path) -> None:
    logs = _configured(LogTarget.parse(f"gelf+tls://localhost:{tls_server.port}?ca={authority}"))
    for number in range(600):
        {200: tls_server.stop, 400: tls_server.start}.get(number, bool)()
        event(LOGGER, "photo_taken", number=number)
    logs.stop(30)
    until(lambda: {document.get("_number") for document in tls_server.documents().values()} >= set(range(600)))


@pytest.mark.parametrize(
    ("host", "known"), [("localhost", False), ("127.0.0.1", True)], ids=["another authority", "another name"]
)
def test_over_tls_nothing_is_sent_to_a_server_with_another_certificate(
    tls_server: SyslogNg, authority: Path, host: str, known: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    ca = authority if known else _certificate(authority.parent, "stranger")
    logs = _configured(LogTarget(host, tls_server.port, tls=True, ca=ca))
    event(LOGGER, "photo_taken")
    out = ""
    while "log_server_away" not in out:
        out += capfd.readouterr().out
    logs.stop()
    assert "ssl.SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED" in out
    assert tls_server.documents() == {}
    assert '"log_records_left"' in out + capfd.readouterr().out
