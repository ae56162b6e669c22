"""The bytes of a URL into a file, over as many connections as it takes, within bounds."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from attrai_batch.errors import SourceError
from attrai_batch.sources.download_paths import DownloadPaths, redacted_url, url_hash

READ_TIMEOUT_S = 30.0
"""Seconds without a byte after which a connection is given up."""
MAX_FAILURES = 5
"""Breaks one after the other, without a byte in between, after which the server is given up."""
FIRST_PAUSE_S = 0.5
"""Seconds before the first new try; doubled for each further one."""
PARTIAL, NOT_SATISFIABLE = 206, 416


def _nobody(_: int, __: int | None) -> None:
    """Is told of the bytes received, and of how many there are in all where that is known."""


@dataclass(frozen=True, slots=True)
class DownloadRules:
    """What a download may take. `sha256`: 64 hexadecimal digits, or None to believe what comes. `told`: see `_nobody`."""

    most_bytes: int = 200 << 30
    seconds: float = 6 * 3600.0
    sha256: str | None = None
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    on_progress: Callable[[int, int | None], None] = _nobody


class _Broken(Exception):
    """The connection broke; trying again may help."""


class Transfer:
    """One download over as many connections as it takes."""

    def __init__(self, client: httpx.Client, url: str, place: DownloadPaths, rules: DownloadRules) -> None:
        self._client = client
        self._url = url
        self._place = place
        self._part = place.part
        self._rules = rules
        self._end = rules.clock() + rules.seconds

    def run(self) -> None:
        """Try until all of it is there, the time is over, or too many tries in a row brought nothing."""
        failed = 0
        while True:
            before = self._size()
            try:
                self._try()
            except (_Broken, httpx.TransportError) as error:
                failed = 1 if self._size() > before else failed + 1
                if failed >= MAX_FAILURES:
                    raise SourceError(
                        f"{redacted_url(self._url)} cannot be downloaded: {error or type(error).__name__}"
                    ) from error
                self._rules.pause(min(FIRST_PAUSE_S * 2 ** (failed - 1), self._left()))
            else:
                return

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
        """What asks for the rest of the very same file, where the server said how to tell it from another."""
        size, state = self._size(), self._place.read_state()
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
        if response.is_server_error:
            raise _Broken(f"the server answers {response.status_code}")
        if not response.is_success:
            raise SourceError(
                f"{redacted_url(self._url)} cannot be downloaded: the server answers {response.status_code}"
            )

    def _start(self, response: httpx.Response) -> int:
        """From which byte on the answer is."""
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
        self._place.write_state(state)

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
    """Bytes of the whole file, where the answer says so."""
    length = response.headers.get("content-length", "")
    return at + int(length) if length.isdecimal() else None
