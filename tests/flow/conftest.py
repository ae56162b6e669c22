"""The whole system, started once for a module's tests on each broker: real processes, real servers."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from attrai_playground.bot_api.client import ChatClient
from attrai_playground.services import ESTIMATOR
from attrai_playground.system import Playground, playground

from tests.flow import servers

EMBEDDED, RABBITMQ = "embedded", "rabbitmq"
VERSION = "1.2.3-flow"
"""What the services' records are to name, as an image has it."""
LIMITED = "max_message_size = 65536\n"
"""As in production."""
FAULTY = Path(__file__).parent / "faulty_estimator.py"


@dataclass(frozen=True)
class System:
    """A running system and what a test may know of it. `attempts` counts in the faulty estimator's log; `data`: the servers' folders."""

    broker: str
    run: Playground
    faulty_log: Path
    data: tuple[Path, ...]

    def attempts(self, mark: bytes) -> int:
        return self.faulty_log.read_bytes().count(mark)

    def requests(self) -> set[str]:
        """The requests that have files."""
        return {name.split(".")[0] for name in self.files()}

    def files(self) -> list[str]:
        return sorted(path.name for path in self.run.addresses.photo_store.iterdir())


@pytest.fixture(scope="session")
def sample() -> bytes:
    """The repository's sample photo, six faces."""
    return (Path(__file__).parents[2] / "playground/attrai_playground/sample/astronauts.jpg").read_bytes()


@pytest.fixture(scope="module", params=[EMBEDDED, pytest.param(RABBITMQ, marks=pytest.mark.rabbitmq)])
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
                parent_environment={**os.environ, "FAULTY_LOG": str(log)},
                commands={ESTIMATOR: (sys.executable, str(FAULTY))},
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
