"""The settings of a run on servers. Without `ATTRAI_BROKER_URL` a run starts its own broker and estimators."""

from collections.abc import Mapping

from attrai_shared.settings import PREFIX, BatchSettings
from pydantic import Field

from attrai_batch.job import BatchEnvironment


class BatchRunSettings(BatchSettings):
    """The settings of `attrai-batch run` on servers."""

    batch_window: int = Field(
        16, ge=1, le=1000, description="chunks that a batch has in flight: about four for each batch estimator"
    )


def uses_servers(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a broker, itself or by a file."""
    return any(environment.get(f"{PREFIX}BROKER_URL{twin}") for twin in ("", "_FILE"))


def environment_from(settings: BatchRunSettings) -> BatchEnvironment:
    """The servers that the settings name."""
    return BatchEnvironment(
        settings.broker_url.get_secret_value(),
        settings.batch_root,
        settings.batch_spool,
        settings.batch_window,
        settings.declare_queues,
    )
