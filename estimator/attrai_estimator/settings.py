"""The settings of the estimator's workers, beside those of every service."""

from pathlib import Path
from typing import Literal

from attrai_shared.settings import BatchSettings, QueueSettings, Settings
from pydantic import Field

WORKSPACE_MODELS = Path(__file__).resolve().parents[2] / "models"
"""The networks of a checkout; an image names another folder."""


class NetworkSettings(QueueSettings):
    """The settings of any worker that runs the networks."""

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
    """The settings of `worker`. The hard limit must leave the soft limit time to answer."""

    attempts: int = Field(3, ge=1, description="how often work on a request may begin before it is given up")


class BatchEstimatorSettings(NetworkSettings, BatchSettings):
    """The settings of `worker --batch`, which needs neither Redis nor the photo store."""

    batch_role: str = Field("batch_estimator", description="names the worker's unfinished chunks on the Redis protocol")
    batch_idle: bool = Field(False, description="run only when no other process of the machine wants its processor")
