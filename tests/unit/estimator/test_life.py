"""A worker that hangs falls silent; one that has lost its broker does not."""

from pathlib import Path

import pytest
from attrai_estimator import life as life_module
from attrai_estimator.life import Life
from attrai_estimator.presence import connect


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(connect("unix:///nowhere"), "replica", tmp_path / "heartbeat")


def test_a_loop_that_turns_is_well(life: Life) -> None:
    life.connect(connected=True)
    assert life.well


def test_a_connected_loop_that_does_not_turn_has_hung(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    life.connect(connected=True)
    monkeypatch.setattr(life_module, "HUNG", -1.0)
    assert not life.well


def test_a_worker_without_its_broker_is_well(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life_module, "HUNG", -1.0)
    life.connect(connected=False)
    assert life.well


def test_the_heartbeat_is_touched_at_once_and_without_redis(life: Life, tmp_path: Path) -> None:
    life.start()
    life.stop()
    assert (tmp_path / "heartbeat").exists()
