"""Fixtures for all tests: a clean environment, the folder of real photos, no error logged unasked; no test is timed."""

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
