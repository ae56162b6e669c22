"""Where a download lies: the file, its part while it comes, and a note beside of what they are."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import httpx

Note = dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """`file` is there when all of it is."""

    file: Path

    @property
    def part(self) -> Path:
        return self.file.with_name(self.file.name + ".part")

    def noted(self) -> Note:
        """What `note_down` wrote last; nothing if there is nothing that can be read."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in note.items()} if isinstance(note, dict) else {}

    def note_down(self, note: Note) -> None:
        """Raises OSError."""
        self._note.write_text(json.dumps(note), encoding="utf-8")

    @property
    def _note(self) -> Path:
        return self.file.with_name(self.file.name + ".json")


def named(url: str) -> str:
    """A URL as it may be printed: without user, password and query."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "the URL"
    return f"{parts.scheme}://{parts.host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def identity(url: str) -> str:
    """Stands for the URL in a file that others may read: its query may be a key."""
    return hashlib.sha256(url.encode()).hexdigest()
