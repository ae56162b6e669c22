"""A URL as a file: downloaded beside the table, resumed after a break, bounded in bytes and time, and verified."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import httpx

from attrai_batch.errors import SourceError
from attrai_batch.sources.content_encoding import remove_gzip
from attrai_batch.sources.download_paths import DownloadPaths, redacted_url, url_hash
from attrai_batch.sources.transfer import DownloadRules, Transfer

__all__ = ["DownloadRules", "Downloaded", "download", "redacted_url"]

MOST_REDIRECTS = 5
NO_KEEPALIVE = httpx.Limits(max_keepalive_connections=0)
"""A new connection for each request: a server may close a kept one just as the next request is sent."""
SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """The file, and the SHA-256 of its content."""

    path: Path
    sha256: str


def download(url: str, to: Path, rules: DownloadRules) -> Downloaded:
    """Download a URL to `to`, or use or resume what an earlier call left there.

    Raises SourceError, whose sentence names no password and no query of the URL.
    """
    if rules.sha256 is not None and not SHA256.fullmatch(rules.sha256):
        raise SourceError("a checksum is 64 hexadecimal digits, as sha256sum prints them")
    paths = DownloadPaths(to)
    if (known := _finished(url, paths, rules)) is not None:
        return known
    try:
        with httpx.Client(follow_redirects=True, max_redirects=MOST_REDIRECTS, limits=NO_KEEPALIVE) as client:
            Transfer(client, url, paths, rules).run()
        return _verified(url, paths, rules)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"{redacted_url(url)} cannot be downloaded: {error or type(error).__name__}") from error
    except OSError as error:
        raise SourceError(f"the download cannot be written to {to}: {error.strerror}") from error


def _finished(url: str, paths: DownloadPaths, rules: DownloadRules) -> Downloaded | None:
    state, file = paths.read_state(), paths.file
    if not file.is_file() or state.get("url") != url_hash(url) or state.get("size") != str(file.stat().st_size):
        return None
    sha256 = state.get("sha256", "")
    return Downloaded(file, sha256) if sha256 and _is_wanted(sha256, rules) else None


def _verified(url: str, paths: DownloadPaths, rules: DownloadRules) -> Downloaded:
    sha256 = _sha256(paths.part)
    is_other = rules.sha256 is not None and not _is_wanted(sha256, rules)
    if (rules.sha256 is None or is_other) and remove_gzip(
        paths.part, redacted_url(url), rules.most_bytes, always=is_other
    ):
        sha256 = _sha256(paths.part)
    if not _is_wanted(sha256, rules):
        paths.part.unlink()
        raise SourceError(f"{redacted_url(url)} is not the file that was expected: its SHA-256 is {sha256}")
    size = paths.part.stat().st_size
    paths.part.replace(paths.file)
    paths.write_state({"url": url_hash(url), "size": str(size), "sha256": sha256})
    return Downloaded(paths.file, sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_wanted(sha256: str, rules: DownloadRules) -> bool:
    return rules.sha256 is None or sha256 == rules.sha256.lower()
