"""The whole system on one machine, as a context manager: what `demo`, `run` and the flow tests stand on."""

import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from attrai_local import State, Supervisor
from attrai_local.errors import UsageError
from attrai_local.folder_lock import locked
from attrai_local.supervisor import ENDS_WITHIN
from attrai_local.valkey import embedded_broker, embedded_redis
from attrai_local.watchdog_pipe import WatchdogPipe

from attrai_playground.folders import Folders, make_folders, read_secrets
from attrai_playground.services import Addresses, Plan, all_services
from attrai_playground.settings import TelegramBot

READY_WITHIN = 240.0
"""Seconds for everything to become ready, also on a slow machine whose disk has yet to read the networks."""

Watch = Callable[[list[State]], None]


def no_watch(_: list[State]) -> None:
    """Looks at no state."""


class Playground:
    """A running system. Make one with `playground()`; every method may be called from any thread."""

    def __init__(self, addresses: Addresses, folders: Folders, supervisor: Supervisor) -> None:
        self.addresses = addresses
        self.folders = folders
        self._supervisor = supervisor

    @property
    def chat_url(self) -> str:
        """The local Bot API server's address, for ChatClient and for a browser."""
        return self.addresses.bot_api_url

    @property
    def names(self) -> list[str]:
        return [state.name for state in self._supervisor.states()]

    def log(self, name: str) -> str:
        """All that a child has written so far."""
        return (self.folders.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def tail(self, name: str) -> str:
        """The last lines that a child has written."""
        return self._supervisor.tail(name)

    def states(self) -> list[State]:
        return self._supervisor.states()

    def pid(self, name: str) -> int:
        """The process of a living child; its own children are not ours to know. Raises NotReadyError."""
        return self._supervisor.pid(name)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Signals a child and returns when it has ended; its process id. It is started again by itself."""
        return self._supervisor.kill(name, number)

    def hold(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends a child, which stays down until `release`."""
        self._supervisor.hold(name, number)

    def release(self, name: str) -> None:
        """Lets a held child start; see `await_ready`."""
        self._supervisor.release(name)

    def await_ready(self, *names: str, within: float = READY_WITHIN, watch: Watch = no_watch) -> None:
        """Returns when those named (all, when none is) are ready. Raises ChildError or NotReadyError, with logs."""
        self._supervisor.await_ready(names or self.names, within, watch)

    def check(self) -> None:
        """Raises ChildError when a child was given up."""
        self._supervisor.check()

    def follow(self, watch: Watch) -> NoReturn:
        """Shows every change for ever; ends by what it raises: ChildError, or the signal that stops everything."""
        self._supervisor.follow(watch)


@contextmanager
def playground(
    *,
    parent_environment: Mapping[str, str],
    state: Path | None = None,
    port: int = 0,
    telegram: TelegramBot | None = None,
    broker_url: str | None = None,
    redis_url: str | None = None,
    extra: Mapping[str, str] | None = None,
    commands: Mapping[str, tuple[str, ...]] | None = None,
    ends_within: float = ENDS_WITHIN,
) -> Iterator[Playground]:
    """Starts everything and ends it with the block; `await_ready` says when it serves.

    `parent_environment`: the environment that children inherit, without our own settings. `state`: a folder that stays;
    without one everything is temporary. `port`: the chat's, 0 for a free one. `telegram`: the bot to be there, instead
    of in the local chat. `broker_url`, `redis_url`: other servers than the embedded Valkey. `extra`: settings for intake,
    replier and estimator, as ATTRAI_NAME. `commands`: by service, a command to run in the place of its own.
    `ends_within`: seconds that a service has for its end before it is killed.
    Raises UsageError for a folder or port that cannot be had, InUseError when another run holds the folder.
    """
    with locked(state) as held:
        folders = make_folders(state)
        watchdog_pipe = WatchdogPipe(folders.runtime, held)
        try:
            secrets = read_secrets(folders.state)
            local = None if telegram else _free_port(port)
            addresses = Addresses(
                broker_url=broker_url or embedded_broker(folders.socket),
                redis_url=redis_url or embedded_redis(folders.socket),
                photo_store=folders.photos,
                bot_api_url=telegram.api_url if telegram else f"http://127.0.0.1:{local}",
                bot_token=telegram.token if telegram else secrets.local_token,
                port=local,
            )
            plan = Plan(addresses, folders, secrets, parent_environment, extra or {}, commands or {})
            with Supervisor(all_services(plan), folders.logs, watchdog_pipe, ends_within) as supervisor:
                yield Playground(addresses, folders, supervisor)
        finally:
            watchdog_pipe.close()


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise UsageError(
                f"Port {wanted} cannot be used: {error.strerror}. Choose another: make run PORT=8091, or --port 8091."
            ) from error
        return int(probe.getsockname()[1])
