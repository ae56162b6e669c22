"""The services of a playground, their commands, settings and order: two servers, then intake, replier, estimator."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from attrai_local import Service
from attrai_local.redelivery import redeliver_all
from attrai_local.valkey import durable_valkey, embedded_broker, embedded_redis

from attrai_playground.folders import Folders, Secrets
from attrai_playground.probes import answers_http, beats, is_announced, take_off

BOT_API, INTAKE, REPLIER, ESTIMATOR = "bot_api", "intake", "replier", "estimator"
OURS = ("ATTRAI_", "BOT_TOKEN", "CELERY_")
"""Names that begin so are not passed on from around: a service gets the settings made here alone."""


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", name)


WORKERS = {
    INTAKE: (*_module("attrai_bot"), "intake"),
    REPLIER: (*_module("attrai_bot"), "replier"),
    ESTIMATOR: (*_module("attrai_estimator"), "worker"),
}
"""The product's own services, by the command that starts each."""


@dataclass(frozen=True)
class Addresses:
    """Where the parts find each other. `port`: the local Bot API server's, None when Telegram itself is served."""

    broker_url: str
    redis_url: str
    photo_store: Path
    bot_api_url: str
    bot_token: str = field(repr=False)
    port: int | None


@dataclass(frozen=True)
class Plan:
    """What is to run. `parent_environment`: the environment around, less our own names; `extra`: settings beside ours.

    `commands` takes the place of a service's own command: a test's estimator that misbehaves.
    """

    addresses: Addresses
    folders: Folders
    secrets: Secrets
    parent_environment: Mapping[str, str]
    extra: Mapping[str, str]
    commands: Mapping[str, tuple[str, ...]]

    @property
    def environment(self) -> dict[str, str]:
        around = {name: value for name, value in self.parent_environment.items() if not name.startswith(OURS)}
        return around | {"TMPDIR": str(self.folders.temporary)}


def all_services(plan: Plan) -> list[Service]:
    """The services of the plan; those that need others name them."""
    servers = [durable_valkey(plan.folders.socket, plan.folders.valkey, plan.environment)] if _is_embedded(plan) else []
    if plan.addresses.port is not None:
        servers.append(_bot_api(plan, plan.addresses.port))
    return [*servers, *(_worker(plan, name, [server.name for server in servers]) for name in WORKERS)]


def _is_embedded(plan: Plan) -> bool:
    own = (embedded_broker(plan.folders.socket), embedded_redis(plan.folders.socket))
    return plan.addresses.broker_url in own or plan.addresses.redis_url in own


def _bot_api(plan: Plan, port: int) -> Service:
    return Service(
        BOT_API,
        (*_module("attrai_playground.bot_api"), "--port", str(port), "--state", str(plan.folders.bot_api)),
        partial(answers_http, port, f"/bot{plan.addresses.bot_token}/getMe"),
        environment={**plan.environment, "BOT_TOKEN": plan.addresses.bot_token},
    )


def _worker(plan: Plan, name: str, servers: Sequence[str]) -> Service:
    """The estimator knows nothing of Telegram, and so need not wait for the Bot API server."""
    heartbeat, redis_url = plan.folders.heartbeat(name), plan.addresses.redis_url
    return Service(
        name,
        plan.commands.get(name, WORKERS[name]),
        partial(is_announced, redis_url, name) if name == ESTIMATOR else partial(beats, heartbeat),
        partial(_clear_up, plan.addresses, name, heartbeat),
        tuple(server for server in servers if not (name == ESTIMATOR and server == BOT_API)),
        {**plan.environment, **_settings(plan, name, heartbeat), **plan.extra},
    )


def _clear_up(addresses: Addresses, name: str, heartbeat: Path) -> None:
    """What a dead predecessor left: a sign of life, unfinished tasks. Raises ServiceError when a server is away."""
    heartbeat.unlink(missing_ok=True)
    if name == ESTIMATOR:
        take_off(addresses.redis_url, name)
    if name != INTAKE:
        redeliver_all(addresses.broker_url, name)


def _settings(plan: Plan, name: str, heartbeat: Path) -> dict[str, str]:
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
