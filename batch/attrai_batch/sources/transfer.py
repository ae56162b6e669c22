"""Transfers the bytes of a URL to a file, over several connections if one breaks, within bounds."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from attrai_shared.retry import RetryPolicy

from attrai_batch.errors import SourceError
from attrai_batch.sources.download_paths import DownloadPaths, redacted_url, url_hash

READ_TIMEOUT_S = 30.0
"""Seconds without a byte after which a connection counts as broken."""
PARTIAL, NOT_SATISFIABLE = 206, 416
BUSY_STATUSES = (429, 503)
"""The server asks to come again later."""
UNREADABLE_ENCODINGS = ("br", "compress", "deflate", "zstd")
"""Content encodings that are not undone. A server that uses one ignores that it was asked for none."""


def _ignore(_: int, __: int | None) -> None:
    """Gets the number of bytes received, and of the whole file if that is known."""


def _ignore_wait(_: int, __: float) -> None:
    """Gets the status that a busy server answers, and the seconds until the next try."""


@dataclass(frozen=True, slots=True)
class DownloadRules:
    """Bounds of a download. `sha256`: the expected 64 hexadecimal digits, or None to accept any content.

    `on_progress` is called as `_ignore` is, `on_wait` as `_ignore_wait` is. Tests replace `pause` and `clock`.
    """

    most_bytes: int = 200 << 30
    seconds: float = 6 * 3600.0
    sha256: str | None = None
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    on_progress: Callable[[int, int | None], None] = _ignore
    on_wait: Callable[[int, float], None] = _ignore_wait


class _Broken(Exception):
    """The connection broke; another try may succeed."""


class _Busy(Exception):
    """The server asks to come again later, after `pause_s` seconds if it says so."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.pause_s = _retry_after(response)
        super().__init__(f"the server answers {self.status}")


RETRIED_ERRORS = (_Broken, httpx.TransportError)
RETRY = RetryPolicy(on=RETRIED_ERRORS, first_pause_s=0.5, longest_pause_s=4.0, max_attempts=5)
"""Tries in a row that get no new byte. The deadline of the download bounds all tries together."""
RETRY_AFTER_BREAK = replace(RETRY, first_pause_s=1.0, max_attempts=4)
"""After a break that followed new bytes: the break counts as the first try and is followed by the first pause."""

BUSY_RETRY = RetryPolicy(
    on=(_Busy,),
    first_pause_s=1.0,
    longest_pause_s=60.0,
    asked_pause=lambda error: error.pause_s if isinstance(error, _Busy) else None,
)
"""A busy server is waited for until the deadline of the download."""


class Transfer:
    """One download over as many connections as it takes."""

    def __init__(self, client: httpx.Client, url: str, paths: DownloadPaths, rules: DownloadRules) -> None:
        self._client = client
        self._url = url
        self._paths = paths
        self._part = paths.part
        self._rules = rules
        self._end = rules.clock() + rules.seconds
        self._busy_retry = replace(BUSY_RETRY, on_retry=self._show_wait)

    def run(self) -> None:
        """Try until the file is complete, the deadline passes, or too many tries in a row get no new byte."""
        retry = RETRY
        try:
            while not retry.call(self._has_completed, sleep=self._pause):
                self._pause(RETRY.first_pause_s)
                retry = RETRY_AFTER_BREAK
        except RETRIED_ERRORS as error:
            raise SourceError(
                f"{redacted_url(self._url)} cannot be downloaded: {error or type(error).__name__}"
            ) from error

    def _has_completed(self) -> bool:
        """One try. False for a break after new bytes; a break without any is raised."""
        before = self._size()
        try:
            self._busy_retry.call(self._try, sleep=self._pause)
        except RETRIED_ERRORS:
            if self._size() > before:
                return False
            raise
        return True

    def _pause(self, seconds: float) -> None:
        self._rules.pause(min(seconds, self._left()))

    def _show_wait(self, error: BaseException, seconds: float) -> None:
        """Raises SourceError if the server asks for a pause beyond the deadline."""
        if seconds > self._left():
            raise SourceError(
                f"{redacted_url(self._url)} cannot be downloaded: {error} and asks to wait {seconds:.0f} s"
            )
        if isinstance(error, _Busy):
            self._rules.on_wait(error.status, seconds)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _left(self) -> float:
        """Seconds until the deadline; raises SourceError once it has passed."""
        left = self._end - self._rules.clock()
        if left <= 0:
            raise SourceError(
                f"{redacted_url(self._url)} was not downloaded within {self._rules.seconds:.0f} s; run it again to go on"
            )
        return left

    def _try(self) -> None:
        headers = {"accept-encoding": "identity", **self._range()}
        timeout = httpx.Timeout(min(READ_TIMEOUT_S, self._left()))
        with self._client.stream("GET", self._url, headers=headers, timeout=timeout) as response:
            self._check(response)
            at = self._start(response)
            self._write_state(response)
            self._receive(response, at, _total(response, at))

    def _range(self) -> dict[str, str]:
        """Headers that ask for the rest of the same file, if the server sent a validator that identifies it."""
        size, state = self._size(), self._paths.read_state()
        if not size or state.get("url") != url_hash(self._url) or not state.get("validator"):
            return {}
        return {"range": f"bytes={size}-", "if-range": state["validator"]}

    def _check(self, response: httpx.Response) -> None:
        schemes = [one.url.scheme for one in (*response.history, response)]
        if schemes[0] == "https" and "http" in schemes:
            raise SourceError(f"{redacted_url(self._url)} redirects from https to http")
        if response.status_code == NOT_SATISFIABLE:
            self._part.unlink(missing_ok=True)
            raise _Broken("the server has no such part of the file")
        if response.status_code in BUSY_STATUSES:
            raise _Busy(response)
        if response.is_server_error:
            raise _Broken(f"the server answers {response.status_code}")
        if not response.is_success:
            raise SourceError(
                f"{redacted_url(self._url)} cannot be downloaded: the server answers {response.status_code}"
            )
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding in UNREADABLE_ENCODINGS:
            raise SourceError(
                f"{redacted_url(self._url)} cannot be downloaded: the server sends it in Content-Encoding {encoding}"
            )

    def _start(self, response: httpx.Response) -> int:
        """The position of the answer's first byte in the file."""
        if response.status_code != PARTIAL:
            return 0
        if not response.headers.get("content-range", "").startswith(f"bytes {self._size()}-"):
            self._part.unlink(missing_ok=True)
            raise _Broken("the server sends another part of the file")
        return self._size()

    def _write_state(self, response: httpx.Response) -> None:
        etag = response.headers.get("etag", "")
        validator = etag if etag and not etag.startswith("W/") else response.headers.get("last-modified", "")
        state = {"url": url_hash(self._url), "validator": validator}
        self._paths.write_state(state)

    def _receive(self, response: httpx.Response, at: int, total: int | None) -> None:
        self._check_room(max(total or 0, at), at)
        with self._part.open("ab" if at else "wb") as file:
            for piece in response.iter_raw():
                at += len(piece)
                self._check_room(at, at)
                file.write(piece)
                self._left()
                self._rules.on_progress(at, total)
        if total is not None and at != total:
            raise _Broken(f"the connection broke after {at} of {total} bytes")

    def _check_room(self, size: int, there: int) -> None:
        if size > self._rules.most_bytes:
            raise SourceError(f"{redacted_url(self._url)} has over {self._rules.most_bytes} bytes")
        if size > there and size - there > shutil.disk_usage(self._part.parent).free:
            raise SourceError(f"{redacted_url(self._url)} has {size} bytes, and {self._part.parent} has no room for it")


def _total(response: httpx.Response, at: int) -> int | None:
    """Bytes of the whole file; None if the answer does not tell."""
    length = response.headers.get("content-length", "")
    return at + int(length) if length.isdecimal() else None


def _retry_after(response: httpx.Response) -> float | None:
    """The seconds that a busy server asks to wait, at least one; None if it does not say."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return max(float(text), 1.0)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return max((aware - datetime.now(UTC)).total_seconds(), 1.0)
