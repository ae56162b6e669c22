"""The whole system, started once on each broker for all tests that share it: real processes, real servers."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from attrai_playground.bot_api.client import ChatClient
from attrai_playground.services import ESTIMATOR, INTAKE, REPLIER
from attrai_playground.system import Playground, playground

from tests.flow import changed_settings, servers

EMBEDDED, RABBITMQ = "embedded", "rabbitmq"
VERSION = "1.2.3-flow"
"""The version in the services' log records; in production it is the image's."""
LIMITED = "max_message_size = 65536\n"
"""As in production."""
HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
COMMANDS = {
    ESTIMATOR: (sys.executable, str(HERE / "faulty_estimator.py")),
    **{role: (sys.executable, str(HERE / "quick_bot.py"), role) for role in (INTAKE, REPLIER)},
}


@dataclass(frozen=True)
class System:
    """A running system. `data`: its servers' folders."""

    broker: str
    run: Playground
    faulty_log: Path
    data: tuple[Path, ...]

    def attempts(self, mark: bytes) -> int:
        """How many photos with this mark the faulty estimator has begun."""
        return self.faulty_log.read_bytes().count(mark)

    def requests(self) -> set[str]:
        """The requests that have files."""
        return {name.split(".")[0] for name in self.files()}

    def files(self) -> list[str]:
        return sorted(path.name for path in self.run.addresses.photo_store.iterdir())

    @asynccontextmanager
    async def held(self, service: str, number: signal.Signals = signal.SIGTERM) -> AsyncIterator[None]:
        """The service is down in the block, ended by this signal."""
        await asyncio.to_thread(self.run.hold, service, number)
        try:
            yield
        finally:
            self.run.release(service)

    @asynccontextmanager
    async def restarted(self, service: str, settings: Mapping[str, str]) -> AsyncIterator[None]:
        """In the block the service has these settings beside its own; afterwards it is restarted with its own alone."""
        await asyncio.to_thread(self._restart, service, settings)
        try:
            yield
        finally:
            await asyncio.to_thread(self._restart, service, {})

    def _restart(self, service: str, settings: Mapping[str, str]) -> None:
        changed_settings.write_changes(self.faulty_log.parent, service, settings)
        self.run.kill(service)
        self.run.await_ready(service)


@pytest.fixture(scope="session")
def sample() -> bytes:
    """The repository's sample photo, six faces."""
    return (ROOT / "playground/attrai_playground/sample/astronauts.jpg").read_bytes()


@pytest.fixture(scope="session", params=[EMBEDDED, pytest.param(RABBITMQ, marks=pytest.mark.rabbitmq)])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("system")
        data = tuple(tmp_path_factory.mktemp(name) for name in ("rabbitmq", "redis"))
        urls = start_servers(request.param, stack, *data)
        log = folder / "faulty.log"
        log.touch()
        extra = {
            "ATTRAI_SOFT_LIMIT": "20",
            "ATTRAI_HARD_LIMIT": "25",
            "ATTRAI_PHOTOS_PER_USER": "20",
            "ATTRAI_LIFETIME": "90",
            "ATTRAI_VERSION": VERSION,
        }
        run = stack.enter_context(
            playground(
                parent_environment={
                    **os.environ,
                    "FAULTY_LOG": str(log),
                    changed_settings.FOLDER: str(folder),
                    "PYTHONPATH": str(ROOT),
                },
                commands=COMMANDS,
                extra=extra,
                **urls,
            )
        )
        run.await_ready()
        yield System(request.param, run, log, data if urls else (run.folders.valkey,))


def start_servers(broker: str, stack: ExitStack, rabbitmq: Path, redis: Path) -> dict[str, str]:
    """The URLs of real servers for a broker; none where the embedded one serves. Skips where a server is missing."""
    if broker == EMBEDDED:
        return {}
    missing = servers.missing_rabbitmq() or servers.missing_redis()
    if missing:
        pytest.skip(missing)
    return {
        "broker_url": stack.enter_context(servers.rabbitmq(rabbitmq, settings=LIMITED)),
        "redis_url": stack.enter_context(servers.redis(redis)),
    }


@pytest.fixture
async def chat(system: System) -> AsyncIterator[ChatClient]:
    """A new person in a chat with the bot."""
    async with ChatClient(system.run.chat_url) as client:
        yield client
