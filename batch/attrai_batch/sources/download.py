"""A URL as a file: downloaded beside the output, gone on with after a break, bounded in bytes and in time, verified."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from attrai_batch.sources import SourceError

SILENCE = 30.0
"""Seconds without a byte after which a connection is given up."""
BREAKS = 5
"""Breaks one after the other, without a byte in between, after which the server is given up."""
PAUSE = 0.5
"""Seconds before the first new try; doubled for each further one."""
MOST_REDIRECTS = 5
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
    told: Callable[[int, int | None], None] = _nobody


@dataclass(frozen=True, slots=True)
class Downloaded:
    """The file, and the SHA-256 of what is in it."""

    path: Path
    sha256: str


class _Broken(Exception):
    """The connection broke; trying again may help."""


def download(url: str, to: Path, rules: DownloadRules) -> Downloaded:
    """The file of a URL under `to`; what an earlier call left there is used or gone on with.

    Raises SourceError, with a sentence that names no password and no query of the URL.
    """
    if (known := _finished(url, to, rules)) is not None:
        return known
    try:
        with httpx.Client(follow_redirects=True, max_redirects=MOST_REDIRECTS) as client:
            _Download(client, url, to, rules).run()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"{named(url)} cannot be downloaded: {error or type(error).__name__}") from error
    except OSError as error:
        raise SourceError(f"the download cannot be written to {to}: {error.strerror}") from error
    return _verified(url, to, rules)


def named(url: str) -> str:
    """A URL as it may be printed: without user, password and query."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "the URL"
    return f"{parts.scheme}://{parts.host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _identity(url: str) -> str:
    """Stands for the URL in a file that others may read: its query may be a key."""
    return hashlib.sha256(url.encode()).hexdigest()


def _part(to: Path) -> Path:
    return to.with_name(to.name + ".part")


def _note(to: Path) -> Path:
    """Where it is written down what `to` or its part is."""
    return to.with_name(to.name + ".json")


def _noted(to: Path) -> dict[str, str]:
    try:
        note = json.loads(_note(to).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in note.items()} if isinstance(note, dict) else {}


def _finished(url: str, to: Path, rules: DownloadRules) -> Downloaded | None:
    note = _noted(to)
    if not to.is_file() or note.get("url") != _identity(url) or note.get("size") != str(to.stat().st_size):
        return None
    sha256 = note.get("sha256", "")
    return Downloaded(to, sha256) if sha256 and rules.sha256 in (None, sha256) else None


def _verified(url: str, to: Path, rules: DownloadRules) -> Downloaded:
    part = _part(to)
    with part.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if rules.sha256 is not None and sha256 != rules.sha256.lower():
        part.unlink()
        raise SourceError(f"{named(url)} is not the file that was expected: its SHA-256 is {sha256}")
    note = {"url": _identity(url), "size": str(part.stat().st_size), "sha256": sha256}
    part.replace(to)
    _note(to).write_text(json.dumps(note), encoding="utf-8")
    return Downloaded(to, sha256)


class _Download:
    """One download over as many connections as it takes."""

    def __init__(self, client: httpx.Client, url: str, to: Path, rules: DownloadRules) -> None:
        self._client = client
        self._url = url
        self._to = to
        self._part = _part(to)
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
                if failed >= BREAKS:
                    raise SourceError(
                        f"{named(self._url)} cannot be downloaded: {error or type(error).__name__}"
                    ) from error
                self._rules.pause(min(PAUSE * 2 ** (failed - 1), self._left()))
            else:
                return

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _left(self) -> float:
        """Seconds until the deadline; raises SourceError once it has passed."""
        left = self._end - self._rules.clock()
        if left <= 0:
            raise SourceError(
                f"{named(self._url)} was not downloaded within {self._rules.seconds:.0f} s; run it again to go on"
            )
        return left

    def _try(self) -> None:
        headers = {"accept-encoding": "identity", **self._range()}
        timeout = httpx.Timeout(min(SILENCE, self._left()))
        with self._client.stream("GET", self._url, headers=headers, timeout=timeout) as response:
            self._check(response)
            at = self._start(response)
            self._note_down(response)
            self._receive(response, at, _total(response, at))

    def _range(self) -> dict[str, str]:
        """What asks for the rest of the very same file, where the server said how to tell it from another."""
        size, note = self._size(), _noted(self._to)
        if not size or note.get("url") != _identity(self._url) or not note.get("validator"):
            return {}
        return {"range": f"bytes={size}-", "if-range": note["validator"]}

    def _check(self, response: httpx.Response) -> None:
        schemes = [one.url.scheme for one in (*response.history, response)]
        if schemes[0] == "https" and "http" in schemes:
            raise SourceError(f"{named(self._url)} redirects from https to http")
        if response.status_code == NOT_SATISFIABLE:
            self._part.unlink(missing_ok=True)
            raise _Broken("the server has no such part of the file")
        if response.is_server_error:
            raise _Broken(f"the server answers {response.status_code}")
        if not response.is_success:
            raise SourceError(f"{named(self._url)} cannot be downloaded: the server answers {response.status_code}")

    def _start(self, response: httpx.Response) -> int:
        """From which byte on the answer is."""
        if response.status_code != PARTIAL:
            return 0
        if not response.headers.get("content-range", "").startswith(f"bytes {self._size()}-"):
            self._part.unlink(missing_ok=True)
            raise _Broken("the server sends another part of the file")
        return self._size()

    def _note_down(self, response: httpx.Response) -> None:
        etag = response.headers.get("etag", "")
        validator = etag if etag and not etag.startswith("W/") else response.headers.get("last-modified", "")
        note = {"url": _identity(self._url), "validator": validator}
        _note(self._to).write_text(json.dumps(note), encoding="utf-8")

    def _receive(self, response: httpx.Response, at: int, total: int | None) -> None:
        self._check_room(max(total or 0, at), at)
        with self._part.open("ab" if at else "wb") as file:
            for piece in response.iter_raw():
                at += len(piece)
                self._check_room(at, at)
                file.write(piece)
                self._left()
                self._rules.told(at, total)
        if total is not None and at != total:
            raise _Broken(f"the connection broke after {at} of {total} bytes")

    def _check_room(self, size: int, there: int) -> None:
        if size > self._rules.most_bytes:
            raise SourceError(f"{named(self._url)} has over {self._rules.most_bytes} bytes")
        if size > there and size - there > shutil.disk_usage(self._to.parent).free:
            raise SourceError(f"{named(self._url)} has {size} bytes, and {self._to.parent} has no room for it")


def _total(response: httpx.Response, at: int) -> int | None:
    """Bytes of the whole file, where the answer says so."""
    length = response.headers.get("content-length", "")
    return at + int(length) if length.isdecimal() else None
