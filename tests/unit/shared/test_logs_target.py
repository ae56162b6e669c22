"""The log server's URL."""

from pathlib import Path

import pytest
from attrai_shared.logs import LogTarget


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("gelf+tcp://graylog:12202", LogTarget("graylog", 12202)),
        ("gelf+tcp://graylog", LogTarget("graylog", 12201)),
        ("gelf+tcp://[::1]:1/", LogTarget("::1", 1)),
        ("gelf+tls://graylog", LogTarget("graylog", 12201, tls=True)),
        (
            "gelf+tls://graylog:12204?ca=/run/secrets/ca.pem",
            LogTarget("graylog", 12204, tls=True, ca=Path("/run/secrets/ca.pem")),
        ),
    ],
)
def test_urls_that_name_a_server(url: str, target: LogTarget) -> None:
    assert LogTarget.parse(url) == target


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "begins with gelf"),
        ("graylog:12201", "begins with gelf"),
        ("gelf+udp://graylog", "begins with gelf"),
        ("gelf+tcp://", "names a host"),
        ("gelf+tcp://:12201", "names a host"),
        ("gelf+tcp://graylog:70000", "1 to 65535"),
        ("gelf+tcp://graylog:gelf", "1 to 65535"),
        ("gelf+tcp://me:secret@graylog", "no user"),
        ("gelf+tcp://graylog/gelf", "no user, path"),
        ("gelf+tcp://graylog?ca=/ca.pem", "gelf\\+tls"),
        ("gelf+tls://graylog?cert=/c.pem", "no option cert"),
        ("gelf+tls://graylog?ca=", "one path"),
        ("gelf+tls://graylog?ca=/a&ca=/b", "one path"),
    ],
)
def test_other_urls_are_refused_with_a_sentence(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as refusal:
        LogTarget.parse(url)
    assert "secret" not in str(refusal.value)
