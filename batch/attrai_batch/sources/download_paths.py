"""Where a download lies: the file, its part while it comes, and a note beside of what they are."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import httpx

DownloadState = dict[str, str]


@dataclass(frozen=True, slots=True)
class DownloadPaths:
    """`file` is there when all of it is."""

    file: Path

    @property
    def part(self) -> Path:
        return self.file.with_name(self.file.name + ".part")

    def read_state(self) -> DownloadState:
        """What `note_down` wrote last; nothing if there is nothing that can be read."""
        try:
            state = json.loads(self._state_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in state.items()} if isinstance(state, dict) else {}

    def write_state(self, state: DownloadState) -> None:
        """Raises OSError."""
        self._state_file.write_text(json.dumps(state), encoding="utf-8")

    @property
    def _state_file(self) -> Path:
        return self.file.with_name(self.file.name + ".json")


def redacted_url(url: str) -> str:
    """A URL as it may be printed: without user, password and query."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "the URL"
    return f"{parts.scheme}://{parts.host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def url_hash(url: str) -> str:
    """Stands for the URL in a file that others may read: its query may be a key."""
    return hashlib.sha256(url.encode()).hexdigest()
