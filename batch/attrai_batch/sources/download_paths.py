"""The files of a download: the finished file, the part that has arrived, and the state that tells what they are."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import httpx

DownloadState = dict[str, str]
"""`url` as `url_hash` makes it; `validator` of a part; `size` and `sha256` of a finished file."""


@dataclass(frozen=True, slots=True)
class DownloadPaths:
    """`file` exists only when the download is complete."""

    file: Path

    @property
    def part(self) -> Path:
        return self.file.with_name(self.file.name + ".part")

    def read_state(self) -> DownloadState:
        """What `write_state` wrote last; empty if there is no state or it is not readable."""
        try:
            state = json.loads(self._state_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in state.items()} if isinstance(state, dict) else {}

    def write_state(self, state: DownloadState) -> None:
        """Raises OSError."""
        self._state_file.write_text(json.dumps(state), encoding="utf-8")

    def delete(self) -> None:
        """Delete the finished file and the state, so that the next call downloads again. Raises OSError."""
        self.file.unlink(missing_ok=True)
        self._state_file.unlink(missing_ok=True)

    @property
    def _state_file(self) -> Path:
        return self.file.with_name(self.file.name + ".json")


def redacted_url(url: str) -> str:
    """A URL without user, password and query, for messages and reports."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "the URL"
    return f"{parts.scheme}://{parts.host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def url_hash(url: str) -> str:
    """Identifies a URL in a file that others may read: its query may hold a key."""
    return hashlib.sha256(url.encode()).hexdigest()
