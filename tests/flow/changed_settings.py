"""Settings that a test changes for one service of a running system; they hold from its next start."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

FOLDER = "CHANGED_SETTINGS"
"""The environment variable that names the folder which tests and services share."""


def write_changes(folder: Path, service: str, settings: Mapping[str, str]) -> None:
    (folder / service).write_text(json.dumps(settings), encoding="utf-8")


def apply_changes(service: str) -> None:
    """Puts the service's changed settings into this process's environment."""
    changes = Path(os.environ[FOLDER]) / service
    if changes.exists():
        os.environ.update(json.loads(changes.read_text(encoding="utf-8")))
