"""For all tests: what `make test` runs, a clean environment, the folder of real photos, no error logged unasked.

No test asserts a speed.
"""

import logging
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

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
    """Marks what `make test` runs, groups tests that share a fixture, and puts the slow flow tests first."""
    for item in items:
        if _is_quick(item):
            item.add_marker("quick")
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: FLOW not in item.path.parents)


def _is_quick(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(name) for name in NOT_QUICK):
        return False
    return FLOW not in item.path.parents or item.get_closest_marker("smoke") is not None


def _group(item: pytest.Item) -> str:
    """The tests of a file run in one process, so that its fixtures are made once."""
    return item.path.stem


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
