"""What the estimator's worker reads from the environment, beside what every service reads."""

from pathlib import Path
from typing import Literal

from attrai_shared.settings import BatchSettings, QueueSettings, Settings
from pydantic import Field

WORKSPACE_MODELS = Path(__file__).resolve().parents[2] / "models"
"""Where the networks lie in a checkout; an image names its own folder."""


class NetworkSettings(QueueSettings):
    """What a worker reads that runs the networks, whichever queue it consumes."""

    models: Path = Field(WORKSPACE_MODELS, description="the folder with manifest.json and the networks")
    runtime: Literal["openvino", "torch"] = Field(
        "openvino", description="what runs the networks; torch needs the extra of that name"
    )
    scorer: str = Field("scorer", description="which scorer of the manifest scores faces")
    memory_limit: int = Field(900, ge=100, description="MiB after which the working process is replaced by a fresh one")
    soft_limit: float = Field(
        30.0, gt=0, description="seconds after which work on a photo is broken off with an answer"
    )
    hard_limit: float = Field(
        45.0, gt=0, description="seconds after which the process that works on a photo is killed and the user told"
    )


class EstimatorSettings(NetworkSettings, Settings):
    """The worker's settings. The hard limit must leave the soft one time to answer."""

    attempts: int = Field(3, ge=1, description="how often work on a request may begin before it is given up")


class BatchEstimatorSettings(NetworkSettings, BatchSettings):
    """What `worker --batch` reads: neither Redis nor people's photos are its business."""

    batch_role: str = Field("batch_estimator", description="names the worker's unfinished chunks on the Redis protocol")
    batch_idle: bool = Field(False, description="run only when no other process of the machine wants its processor")
