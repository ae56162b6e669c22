"""The whole system on one machine as a context manager, for `demo`, `run` and the flow tests."""

import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from attrai_local import State, Supervisor
from attrai_local.errors import UsageError
from attrai_local.folder_lock import locked
from attrai_local.supervisor import STOP_TIMEOUT_S
from attrai_local.valkey import embedded_broker, embedded_redis
from attrai_local.watchdog_pipe import WatchdogPipe

from attrai_playground.folders import Folders, make_folders, read_secrets
from attrai_playground.services import Addresses, ServicePlan, all_services
from attrai_playground.status_display import ShowStates
from attrai_playground.telegram_bot import TelegramBot

READY_TIMEOUT_S = 240.0
"""Enough for a slow machine that reads the networks from its disk for the first time."""


def show_nothing(_: list[State]) -> None:
    """Ignores the states."""


class Playground:
    """A running system, made by `playground()`. Every method may be called from any thread."""

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
        """The whole log of a service."""
        return (self.folders.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def tail(self, name: str) -> str:
        """The last lines of a service's log."""
        return self._supervisor.tail(name)

    def states(self) -> list[State]:
        return self._supervisor.states()

    def pid(self, name: str) -> int:
        """The process id of a running service. Raises NotReadyError."""
        return self._supervisor.pid(name)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Signals a service, waits for its end and returns its process id. The supervisor starts it again."""
        return self._supervisor.kill(name, number)

    def hold(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends a service, which stays down until `release`."""
        self._supervisor.hold(name, number)

    def release(self, name: str) -> None:
        """Lets a held service start; `await_ready` waits for it."""
        self._supervisor.release(name)

    def await_ready(self, *names: str, timeout_s: float = READY_TIMEOUT_S, show: ShowStates = show_nothing) -> None:
        """Returns when the named services are ready; without names, when all are. Raises ChildError or NotReadyError, with logs."""
        self._supervisor.await_ready(names or self.names, timeout_s, show)

    def check(self) -> None:
        """Raises ChildError when the supervisor has given up on a service."""
        self._supervisor.check()

    def follow(self, show: ShowStates) -> NoReturn:
        """Shows every change until it raises: ChildError, or KeyboardInterrupt."""
        self._supervisor.follow(show)


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
    stop_timeout_s: float = STOP_TIMEOUT_S,
) -> Iterator[Playground]:
    """Starts every service and ends them with the block; `await_ready` returns when they serve.

    `parent_environment`: what services inherit, without the project's own settings. `state`: a folder that is kept; without it
    everything is temporary. `port`: the chat page's, 0 for a free one. `telegram`: the bot to serve on Telegram instead of the local
    chat. `broker_url`, `redis_url`: servers to use instead of the embedded Valkey. `extra`: settings (ATTRAI_NAME) for intake, replier
    and estimator. `commands`: by service, a command that replaces its own. `stop_timeout_s`: after it a service is killed.
    Raises UsageError for a folder or port that cannot be used, InUseError when another run holds the folder.
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
            plan = ServicePlan(addresses, folders, secrets, parent_environment, extra or {}, commands or {})
            with Supervisor(all_services(plan), folders.logs, watchdog_pipe, stop_timeout_s) as supervisor:
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
