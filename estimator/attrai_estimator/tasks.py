"""The estimator's edge to the queue: one task, `attrai.to_estimate`, every way out of which publishes an outcome."""

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
from attrai_estimator.presence import RedisAttempts, connect
from attrai_estimator.settings import EstimatorSettings
from attrai_estimator.warm_up import warm_up
from attrai_estimator.work import Desk, after, failed, store_killed, work

logger = logging.getLogger(__name__)


class EstimateTask(Task):  # type: ignore[misc]  # Celery ships no types
    """Runs in the worker's child process; `open_desk` is called there once, after the fork."""

    name = task_name(TO_ESTIMATE)

    def __init__(self, settings: EstimatorSettings, pipeline: Pipeline = estimate) -> None:
        self.soft_time_limit = settings.soft_limit
        self.time_limit = settings.hard_limit
        self._settings = settings
        self._pipeline = pipeline
        self._store = PhotoStore(settings.photo_store)
        self._desk: Desk | None = None

    def open_desk(self) -> Desk:
        """Loads the networks, so that the first photo waits no longer than the next. Raises WrongNetworkFile."""
        settings = self._settings
        networks = load_networks(settings.models, settings.runtime, scorer=settings.scorer)
        warm_up(networks)
        attempts = RedisAttempts(connect(settings.redis_url.get_secret_value()))
        self._desk = Desk(self._store, attempts, partial(self._pipeline, networks=networks), settings.attempts)
        return self._desk

    def run(self, payload: object) -> None:
        """One delivery of one request. What cannot be read is set aside; what cannot be published comes again."""
        message = read_or_reject(read_to_estimate, payload)
        try:
            publish(self.app, self._worked(message), time.time())
        except BrokerUnavailable as error:
            raise Reject(error.code, requeue=True) from error
        except SoftTimeLimitExceeded as error:  # it struck before or after the pipeline, which answers it itself
            raise Reject(TimedOut.code, requeue=True) from error
        self._delete_source(message)

    def on_failure(
        self, exc: Exception, task_id: str, args: tuple[object, ...], kwargs: dict[str, object], einfo: object
    ) -> None:
        """Called in the main process for a child killed at the hard limit: the delivery that follows finds this outcome."""
        if isinstance(exc, TimeLimitExceeded):
            message = read_to_estimate(args[0])
            event(logger, "hard_limit_reached", level=logging.ERROR, request_id=message.request_id, user=message.user)
            store_killed(message.request_id, self._store)

    def _worked(self, message: ToEstimate) -> AfterEstimate:
        try:
            return work(message, self._desk or self.open_desk())
        except StoreUnavailable as error:
            _log_failed("store_unavailable", message, error)
            return after(message, failed(StoreUnavailable))

    def _delete_source(self, message: ToEstimate) -> None:
        try:
            self._store.delete(message.request_id, Part.SOURCE)
        except StoreUnavailable as error:
            _log_failed("source_not_deleted", message, error)


def _log_failed(name: str, message: ToEstimate, error: AttraiError) -> None:
    event(logger, name, level=logging.ERROR, request_id=message.request_id, user=message.user, reason=str(error))
