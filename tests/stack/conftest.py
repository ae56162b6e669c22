"""Tests of the deployment; its scripts are outside the product's packages."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.servers import missing_rabbitmq

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "deploy/flower"), str(ROOT / "graylog"), str(ROOT / "tests/stack")]

from stack_rabbitmq import Broker, stack_broker  # noqa: E402


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real RabbitMQ with the stack's definitions."""
    if reason := missing_rabbitmq():
        pytest.skip(reason)
    with stack_broker(tmp_path_factory.mktemp("broker")) as running:
        yield running
