import subprocess
import sys

import pytest
from attrai_shared.celery_consumer import RefusingConsumer, ServerRestartDetector
from attrai_shared.queues import celery_app
from celery.utils.imports import symbol_by_name


@pytest.mark.parametrize(("scheme", "expected"), [("redis", True), ("amqp", False)])
def test_a_worker_on_the_redis_protocol_detects_a_restart_of_its_server(scheme: str, expected: bool) -> None:
    app = celery_app("estimator", f"{scheme}://127.0.0.1:1//")
    consumer = symbol_by_name(app.conf.worker_consumer)
    assert consumer is RefusingConsumer
    steps = consumer.Blueprint(steps=app.steps["consumer"]).claim_steps()
    assert (ServerRestartDetector in steps.values()) == expected


def test_a_process_that_only_publishes_does_not_import_celerys_worker() -> None:
    program = "import sys, attrai_shared.queues; sys.exit('celery.worker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
