"""Where Graylog listens, read from an URL."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, parse_qs, urlsplit

DEFAULT_PORT = 12201
"""Graylog's own default for a GELF input (https://go2docs.graylog.org/current/getting_in_log_data/gelf.html)."""


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A GELF input over TCP. With `tls` its certificate is checked: against `ca`, or else the system's authorities."""

    host: str
    port: int = DEFAULT_PORT
    tls: bool = False
    ca: Path | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """`gelf+tcp://host:port` or `gelf+tls://host:port?ca=/path/of/ca.pem`. ValueError says what is wrong."""
        parts = urlsplit(url)
        if parts.scheme not in {"gelf+tcp", "gelf+tls"}:
            raise ValueError(
                f"a log server's URL begins with gelf+tcp:// or gelf+tls://, not with {parts.scheme or 'nothing'}://"
            )
        if not parts.hostname:
            raise ValueError("a log server's URL names a host: gelf+tcp://host:12201")
        if parts.username or parts.password or parts.path.strip("/") or parts.fragment:
            raise ValueError("a log server's URL has no user, path or fragment")
        tls = parts.scheme == "gelf+tls"
        return cls(parts.hostname, _port(parts), tls, _ca(parts, tls))


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or DEFAULT_PORT
    except ValueError:
        raise ValueError("a log server's port is a number from 1 to 65535") from None


def _ca(parts: SplitResult, tls: bool) -> Path | None:
    options = parse_qs(parts.query, keep_blank_values=True)
    if unknown := set(options) - {"ca"}:
        raise ValueError(f"a log server's URL knows no option {', '.join(sorted(unknown))}, only ca")
    if options and not tls:
        raise ValueError("ca belongs to gelf+tls://")
    paths = options.get("ca", [])
    if len(paths) > 1 or not all(paths):
        raise ValueError("ca is one path of a file")
    return Path(paths[0]) if paths else None
