"""The playground's services: two servers, then intake, replier and estimator, with their commands, settings and order."""

import http.client
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from attrai_local import Service
from attrai_local.redelivery import redeliver_all
from attrai_local.valkey import durable_valkey, embedded_broker, embedded_redis
from attrai_shared import keys
from attrai_shared.errors import RequestStoreUnavailable
from redis import Redis, RedisError

from attrai_playground.folders import Folders, Secrets

BOT_API, INTAKE, REPLIER, ESTIMATOR = "bot_api", "intake", "replier", "estimator"
OWN_PREFIXES = ("ATTRAI_", "BOT_TOKEN", "CELERY_")
"""Variables that services do not inherit: they get only the settings made here."""
PROBE_TIMEOUT_S = 1.0


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", name)


WORKERS = {
    INTAKE: (*_module("attrai_bot"), "intake"),
    REPLIER: (*_module("attrai_bot"), "replier"),
    ESTIMATOR: (*_module("attrai_estimator"), "worker"),
}
"""The command of each of the product's own services."""


@dataclass(frozen=True)
class Addresses:
    """How the services reach each other. `port`: the local Bot API server's, None when Telegram is served."""

    broker_url: str
    redis_url: str
    photo_store: Path
    bot_api_url: str
    bot_token: str = field(repr=False)
    port: int | None


@dataclass(frozen=True)
class ServicePlan:
    """What the services are made from.

    `extra`: more settings for intake, replier and estimator. `commands`: by service, a command that replaces its own.
    """

    addresses: Addresses
    folders: Folders
    secrets: Secrets
    parent_environment: Mapping[str, str]
    extra: Mapping[str, str]
    commands: Mapping[str, tuple[str, ...]]

    @property
    def environment(self) -> dict[str, str]:
        """What every service inherits."""
        inherited = {
            name: value for name, value in self.parent_environment.items() if not name.startswith(OWN_PREFIXES)
        }
        return inherited | {"TMPDIR": str(self.folders.temporary)}


def all_services(plan: ServicePlan) -> list[Service]:
    """The servers, then the workers that need them."""
    servers = []
    if _uses_embedded_valkey(plan):
        servers.append(durable_valkey(plan.folders.socket, plan.folders.valkey, plan.environment))
    if plan.addresses.port is not None:
        servers.append(_bot_api(plan, plan.addresses.port))
    return [*servers, *(_worker(plan, name, [server.name for server in servers]) for name in WORKERS)]


def _uses_embedded_valkey(plan: ServicePlan) -> bool:
    own = (embedded_broker(plan.folders.socket), embedded_redis(plan.folders.socket))
    return plan.addresses.broker_url in own or plan.addresses.redis_url in own


def _bot_api(plan: ServicePlan, port: int) -> Service:
    return Service(
        BOT_API,
        (*_module("attrai_playground.bot_api"), "--port", str(port), "--state", str(plan.folders.bot_api)),
        ready=partial(responds_to_http, port, f"/bot{plan.addresses.bot_token}/getMe"),
        environment={**plan.environment, "BOT_TOKEN": plan.addresses.bot_token},
    )


def _worker(plan: ServicePlan, name: str, servers: Sequence[str]) -> Service:
    """The estimator does not use Telegram, so it does not wait for the Bot API server."""
    heartbeat, redis_url = plan.folders.heartbeat(name), plan.addresses.redis_url
    return Service(
        name,
        plan.commands.get(name, WORKERS[name]),
        ready=partial(is_registered, redis_url, name) if name == ESTIMATOR else heartbeat.exists,
        before_start=partial(_clean_up, plan.addresses, name, heartbeat),
        after=tuple(server for server in servers if not (name == ESTIMATOR and server == BOT_API)),
        environment={**plan.environment, **_settings(plan, name, heartbeat), **plan.extra},
    )


def _clean_up(addresses: Addresses, name: str, heartbeat: Path) -> None:
    """Removes a dead worker's heartbeat and registration, and redelivers its tasks. Raises ServiceError."""
    heartbeat.unlink(missing_ok=True)
    if name == ESTIMATOR:
        deregister(addresses.redis_url, name)
    if name != INTAKE:
        redeliver_all(addresses.broker_url, name)


def _settings(plan: ServicePlan, name: str, heartbeat: Path) -> dict[str, str]:
    settings = {
        "ATTRAI_BROKER_URL": plan.addresses.broker_url,
        "ATTRAI_REDIS_URL": plan.addresses.redis_url,
        "ATTRAI_PHOTO_STORE": str(plan.addresses.photo_store),
        "ATTRAI_REPLICA": name,
        "ATTRAI_HEARTBEAT": str(heartbeat),
    }
    if name == ESTIMATOR:
        return settings
    return settings | {
        "ATTRAI_BOT_API_URL": plan.addresses.bot_api_url,
        "ATTRAI_BOT_TOKEN": plan.addresses.bot_token,
        "ATTRAI_USER_HASH_KEY": plan.secrets.user_hash_key,
    }


def responds_to_http(port: int, path: str) -> bool:
    """Whether a server on the loopback answers this path with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_registered(redis_url: str, replica: str) -> bool:
    """Whether an estimator has registered itself: its networks are loaded and it consumes."""
    try:
        with Redis.from_url(redis_url, socket_timeout=PROBE_TIMEOUT_S) as redis:
            score = redis.zscore(keys.REPLICAS, replica)
    except RedisError:
        return False
    return score is not None and score > time.time() - keys.REPLICA_TIMEOUT_S


def deregister(redis_url: str, replica: str) -> None:
    """Removes a dead estimator, so that the ETA does not count it. Raises RequestStoreUnavailable."""
    try:
        with Redis.from_url(redis_url, socket_timeout=PROBE_TIMEOUT_S) as redis:
            redis.zrem(keys.REPLICAS, replica)
    except RedisError as error:
        raise RequestStoreUnavailable(type(error).__name__) from error
