"""The folders of a run: one for its state, and a temporary one for the socket, whose path must be short."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from attrai_local.valkey import SOCKET, runtime_folder
from attrai_shared.files import atomic_write


@dataclass(frozen=True)
class Folders:
    """`state`: photos, queues, logs, secrets. `runtime`: socket and heartbeats, always temporary."""

    state: Path
    runtime: Path

    @property
    def photos(self) -> Path:
        return self.state / "photos"

    @property
    def valkey(self) -> Path:
        return self.state / "valkey"

    @property
    def bot_api(self) -> Path:
        return self.state / "bot_api"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def temporary(self) -> Path:
        """The services' TMPDIR: what a killed service leaves here is removed at the end."""
        return self.runtime / "tmp"

    @property
    def socket(self) -> Path:
        return self.runtime / SOCKET

    def heartbeat(self, name: str) -> Path:
        return self.runtime / f"{name}.heartbeat"


@dataclass(frozen=True)
class Secrets:
    """Generated once for each state folder: the key of the user hashes and the local bot's token."""

    user_hash_key: str
    local_token: str


def make_folders(state: Path | None) -> Folders:
    """Makes both folders with access for the owner alone. Without `state` both are temporary."""
    runtime = runtime_folder()
    folders = Folders((state or runtime / "state").resolve(), runtime)
    for folder in (folders.photos, folders.valkey, folders.bot_api, folders.logs, folders.temporary):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folders


def read_secrets(state: Path) -> Secrets:
    """The secrets in the folder; generates them when there are none."""
    path = state / "secrets.json"
    try:
        return Secrets(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return _generate(path)


def _generate(path: Path) -> Secrets:
    made = Secrets(user_hash_key=secrets.token_hex(32), local_token=f"42:{secrets.token_hex(16)}")
    with atomic_write(path, mode=0o600) as file:
        file.write(json.dumps(vars(made)).encode())
    return made
