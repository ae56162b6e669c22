"""A worker that hangs falls silent; one that has lost its broker does not."""

from pathlib import Path

import pytest
from attrai_estimator.worker import heartbeat as heartbeat_module
from attrai_estimator.worker.heartbeat import WorkerHeartbeat
from attrai_estimator.worker.replica_registry import connect


@pytest.fixture
def heartbeat(tmp_path: Path) -> WorkerHeartbeat:
    return WorkerHeartbeat(connect("unix:///nowhere"), "replica", tmp_path / "heartbeat")


def test_a_loop_that_turns_is_well(heartbeat: WorkerHeartbeat) -> None:
    heartbeat.set_connected(connected=True)
    assert heartbeat.healthy


def test_a_connected_loop_that_does_not_turn_has_hung(
    heartbeat: WorkerHeartbeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat.set_connected(connected=True)
    monkeypatch.setattr(heartbeat_module, "LOOP_TIMEOUT_S", -1.0)
    assert not heartbeat.healthy


def test_a_worker_without_its_broker_is_well(heartbeat: WorkerHeartbeat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat_module, "LOOP_TIMEOUT_S", -1.0)
    heartbeat.set_connected(connected=False)
    assert heartbeat.healthy


def test_the_heartbeat_is_touched_at_once_and_without_redis(heartbeat: WorkerHeartbeat, tmp_path: Path) -> None:
    heartbeat.start()
    heartbeat.stop()
    assert (tmp_path / "heartbeat").exists()
