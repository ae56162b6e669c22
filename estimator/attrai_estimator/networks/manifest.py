"""`models/manifest.json`: the input, source and checksum of each network's file."""

import hashlib
from pathlib import Path
from typing import ClassVar

from attrai_shared.errors import AttraiError
from pydantic import BaseModel, ConfigDict, ValidationError

from attrai_estimator.networks.network import Normalization, Template

MANIFEST = "manifest.json"


class WrongNetworkFile(AttraiError):
    """A network's file or the manifest is missing or differs from the recorded one. The process must not start."""

    code: ClassVar[str] = "wrong_network_file"


class NetworkRecord(BaseModel):
    """One network. `file` is relative to the manifest's folder; a `None` in `input_size` (height, width) means any.

    `highest` is for networks that may run entirely in int8: the largest input seen at each convolution but the first, by
    the name of its weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    sha256: str
    input_size: tuple[int | None, int | None]
    normalization: Normalization
    template: Template | None
    outputs: tuple[str, ...]
    licence: str
    source: str
    highest: dict[str, float] = {}


class Manifest(BaseModel):
    """All networks by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    networks: dict[str, NetworkRecord]

    def record(self, name: str) -> NetworkRecord:
        """Return the network's record; raises `WrongNetworkFile` when there is none of that name."""
        if name not in self.networks:
            raise WrongNetworkFile(f"the manifest has no network named {name}")
        return self.networks[name]


def read_manifest(models: Path) -> Manifest:
    """Read `manifest.json` in the folder; raises `WrongNetworkFile` when it is missing or malformed."""
    try:
        return Manifest.model_validate_json((models / MANIFEST).read_bytes())
    except OSError as error:
        raise WrongNetworkFile(f"cannot read {models / MANIFEST}: {error.strerror}") from error
    except ValidationError as error:
        raise WrongNetworkFile(f"{models / MANIFEST} is malformed: {error}") from error


def verified_file(models: Path, record: NetworkRecord) -> Path:
    """Return the path of the network's file; raises `WrongNetworkFile` unless its SHA-256 is the record's."""
    path = models / record.file
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WrongNetworkFile(f"cannot read {path}: {error.strerror}") from error
    if digest != record.sha256:
        raise WrongNetworkFile(f"{path} has SHA-256 {digest}, the manifest says {record.sha256}")
    return path
