"""Replicas of one machine must not compute on the same core: nothing may bind a thread while it computes."""

import os
from pathlib import Path
from threading import Event, Thread, get_native_id

import numpy as np
import pytest
from attrai_estimator.networks import Networks, load_networks
from attrai_estimator.settings import WORKSPACE_MODELS


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="one core: there is no other to be bound to")
def test_a_network_may_compute_on_any_core() -> None:
    networks = load_networks(WORKSPACE_MODELS)
    everywhere, seen, done = _cores(get_native_id()), set[str](), Event()
    watched = get_native_id()

    def watch() -> None:
        while not done.wait(0.0005):
            seen.add(_cores(watched))

    _compute(networks)  # compiling, at the first call, binds the calling thread for a moment
    watcher = Thread(target=watch)
    watcher.start()
    for _ in range(20):
        _compute(networks)
    done.set()
    watcher.join()
    assert seen == {everywhere}


def _compute(networks: Networks) -> None:
    networks.scorer.network(np.zeros((4, 150, 150, 3), np.uint8))
    networks.detector.proposal(np.zeros((2, 136, 136, 3), np.uint8))


def _cores(thread: int) -> str:
    lines = Path(f"/proc/self/task/{thread}/status").read_text().splitlines()
    return next(line for line in lines if line.startswith("Cpus_allowed_list"))
