"""For all tests: what `make test` runs, a clean environment, the folder of real photos, no error logged unasked.

No test asserts a speed.
"""

import logging
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

if find_spec("hypothesis"):  # the models' environment has none
    from hypothesis import HealthCheck, settings

    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")

NOT_QUICK = ("golden", "browser", "rabbitmq", "torch")
"""Markers of tests that `make test` leaves to `make test-all`."""
FLOW = Path(__file__).parent / "flow"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what `make test` runs, and puts the slow flow tests first."""
    for item in items:
        if _is_quick(item):
            item.add_marker("quick")
    items.sort(key=_order)


def _is_quick(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(name) for name in NOT_QUICK):
        return False
    return FLOW not in item.path.parents or item.get_closest_marker("smoke") is not None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """pytest-xdist's own scheduler, with our groups in the order in which their tests were collected."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415  # where the tests run in one process, it is not there

    class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


def _group(test: str) -> str:
    """The tests of a group run in one process: those that share a system on one broker, else those of a file."""
    file, _, name = test.partition("::")
    brokers = [broker for broker in ("embedded", "rabbitmq") if broker in re.split(r"[\[\]-]", name)]
    if not brokers:
        return file
    return f"{'kills' if file.endswith('test_kills.py') else 'system'} on {brokers[0]}"


def _order(item: pytest.Item) -> tuple[bool, int]:
    """Slow flow tests first. `test_journals` before others of its system: it searches all that its servers wrote."""
    first = ("test_kills", "test_journals")
    return FLOW not in item.path.parents, first.index(item.path.stem) if item.path.stem in first else len(first)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings reach no test."""
    for name in [*os.environ]:
        if name.startswith(("ATTRAI_", "BOT_TOKEN", "CELERY_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_error_logged(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test in which something was logged at ERROR, unless it is marked `logs_errors`."""
    yield
    if request.node.get_closest_marker("logs_errors") is None:
        errors = [
            record.getMessage()
            for when in ("setup", "call")
            for record in caplog.get_records(when)
            if record.levelno >= logging.ERROR
        ]
        assert not errors, f"logged at ERROR: {errors}"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder that DATA names: real photos and ratings, which are not part of the repository."""
    folder = os.environ.get("DATA", "")
    if not folder:
        pytest.skip(
            "set DATA to a folder of real photos (faces_boxes_dev, lfw_dev, mebeauty, scut_fbp5500_80px) to run this"
        )
    return Path(folder).resolve()
