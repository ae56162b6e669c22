"""A real Celery worker with a forked child: its records are logged, contents of tasks are not."""

import json
import subprocess
import sys

import pytest

CANARY = "4815162342"
WORKER = """
import logging, os, signal
from celery import Celery, signals
from attrai_shared.logs import configure_logs, event

logger = logging.getLogger("attrai_test")
app = Celery("test", broker="memory://")
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=True)

def configure(**_):
    global logs
    logs = configure_logs("estimator", replica="r1", version="0.1.0", level="DEBUG")

@app.task(name="works")
def works(number):
    event(logger, "worked")

@app.task(name="fails")
def fails(number):
    raise ValueError(f"no such thing as {number}")

@app.task(name="ends")
def ends():
    os.kill(os.getppid(), signal.SIGTERM)

configure()
signals.setup_logging.connect(lambda **_: None, weak=False)
signals.worker_process_init.connect(configure, weak=False)
signals.worker_process_shutdown.connect(lambda **_: logs.stop(), weak=False)
works.delay("CANARY")
fails.delay("CANARY")
app.send_task("unknown", ("CANARY",))
with app.producer_or_acquire() as producer:
    producer.publish({"CANARY": "CANARY"}, routing_key="celery")
    producer.publish("{CANARY", routing_key="celery", content_type="application/json", content_encoding="utf-8")
    producer.publish("CANARY", routing_key="celery", content_type="application/x-python-serialize")
ends.delay()
worker = app.Worker(pool_cls="prefork", concurrency=1, without_gossip=True, without_mingle=True)
worker.start()
logs.stop()
"""


@pytest.mark.timeout(120)
def test_a_workers_log_has_no_content_of_tasks() -> None:
    script = WORKER.replace("CANARY", CANARY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=False)
    records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    of_child = [record for record in records if record.get("event") == "worked"]
    assert len(of_child) == 1, done.stderr
    assert of_child[0]["pid"] != records[0]["pid"]
    loggers = {record["logger"] for record in records}
    assert {"celery.app.trace", "celery.worker.consumer.consumer"} <= loggers
    (failure,) = [record for record in records if record["logger"] == "celery.app.trace"]
    assert failure["error"] == "ValueError"
    assert "in fails" in failure["traceback"]
    assert CANARY not in done.stdout + done.stderr
