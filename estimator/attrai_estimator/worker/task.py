"""The task `attrai.to_estimate`. Every way out of it publishes an outcome or returns the message to its queue."""

import logging
import time
from functools import partial

from attrai_shared.contracts import AfterEstimate, ToEstimate, read_to_estimate
from attrai_shared.errors import AttraiError, BrokerUnavailable, StoreUnavailable, TimedOut
from attrai_shared.logs import event
from attrai_shared.photo_store import Part, PhotoStore
from attrai_shared.queues import TO_ESTIMATE, publish, task_name
from attrai_shared.refusal import read_or_reject
from celery import Task
from celery.exceptions import Reject, SoftTimeLimitExceeded, TimeLimitExceeded

from attrai_estimator.networks import load_networks
from attrai_estimator.pipeline import Pipeline, estimate
from attrai_estimator.settings import EstimatorSettings
from attrai_estimator.warm_up import warm_up
from attrai_estimator.worker.replica_registry import RedisAttempts, connect
from attrai_estimator.worker.request import (
    WorkerContext,
    failed_outcome,
    outcome_message,
    process_request,
    store_hard_limit_outcome,
)

logger = logging.getLogger(__name__)


class EstimateTask(Task):  # type: ignore[misc]  # Celery ships no types
    """Runs in the worker's child process, which calls `load` once after the fork."""

    name = task_name(TO_ESTIMATE)

    def __init__(self, settings: EstimatorSettings, pipeline: Pipeline = estimate) -> None:
        self.soft_time_limit = settings.soft_limit
        self.time_limit = settings.hard_limit
        self._settings = settings
        self._pipeline = pipeline
        self._store = PhotoStore(settings.photo_store)
        self._context: WorkerContext | None = None

    def load(self) -> WorkerContext:
        """Load and warm up the networks, so that the first photo is as quick as the next. Raises WrongNetworkFile."""
        settings = self._settings
        networks = load_networks(settings.models, settings.runtime, scorer=settings.scorer)
        warm_up(networks)
        attempts = RedisAttempts(connect(settings.redis_url.get_secret_value()))
        self._context = WorkerContext(
            self._store, attempts, partial(self._pipeline, networks=networks), settings.attempts
        )
        return self._context

    def run(self, payload: object) -> None:
        """Process one delivery of one request: estimate, publish, then delete the source.

        An unreadable message is set aside. A message whose outcome cannot be published returns to its queue.
        """
        message = read_or_reject(read_to_estimate, payload)
        try:
            publish(self.app, self._outcome_of(message), time.time())
        except BrokerUnavailable as error:
            raise Reject(error.code, requeue=True) from error
        except SoftTimeLimitExceeded as error:  # it struck outside the pipeline, which answers it itself
            raise Reject(TimedOut.code, requeue=True) from error
        self._delete_source(message)

    def on_failure(
        self, exc: Exception, task_id: str, args: tuple[object, ...], kwargs: dict[str, object], einfo: object
    ) -> None:
        """Store an outcome for a child killed at the hard limit. The next delivery publishes it.

        It runs in the main process.
        """
        if isinstance(exc, TimeLimitExceeded):
            message = read_to_estimate(args[0])
            event(logger, "hard_limit_reached", level=logging.ERROR, request_id=message.request_id, user=message.user)
            store_hard_limit_outcome(message.request_id, self._store)

    def _outcome_of(self, message: ToEstimate) -> AfterEstimate:
        try:
            return process_request(message, self._context or self.load())
        except StoreUnavailable as error:
            _log_failure("store_unavailable", message, error)
            return outcome_message(message, failed_outcome(StoreUnavailable))

    def _delete_source(self, message: ToEstimate) -> None:
        try:
            self._store.delete(message.request_id, Part.SOURCE)
        except StoreUnavailable as error:
            _log_failure("source_not_deleted", message, error)


def _log_failure(name: str, message: ToEstimate, error: AttraiError) -> None:
    event(logger, name, level=logging.ERROR, request_id=message.request_id, user=message.user, reason=str(error))
