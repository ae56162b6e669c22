"""deploy/stack/monitoring.yml and what it mounts, against the stack, against what its programs give, and against a real RabbitMQ."""

import json
import re
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import yaml
from attrai_shared.queues import all_queues, celery_app
from kombu import Connection
from kombu.exceptions import OperationalError
from stack_files import ROOT, Yaml, secrets_of, stack
from stack_rabbitmq import Broker

FILE = stack("deploy/stack/monitoring.yml")
SERVICES: Yaml = FILE["services"]
FOLDER = ROOT / "deploy/monitoring"
PROMETHEUS: Yaml = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
DASHBOARD: Yaml = json.loads((FOLDER / "dashboard.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
METRICS = {name for query in QUERIES for name in re.findall(r"\b(?:celery|rabbitmq)_\w+", query)}
EXPORTED = frozenset(
    """
    celery_task_sent_total celery_task_received_total celery_task_started_total celery_task_succeeded_total
    celery_task_failed_total celery_task_rejected_total celery_task_revoked_total celery_task_retried_total
    celery_worker_up celery_worker_tasks_active celery_task_runtime_bucket celery_queue_length
    celery_active_consumer_count celery_active_worker_count celery_active_process_count
    """.split()  # noqa: SIM905 - words read better than fifteen quoted lines
)
"""What the exporter gives (https://github.com/danihodovic/celery-exporter#metrics)."""
LISTENS = {"exporter": 9808, "prometheus": 9090, "rabbitmq": 15692}
"""Ports of the exporter, of Prometheus and of RabbitMQ's plugin, as their documentation names them."""
MIB = 1024**2


def test_every_metric_of_celery_is_one_that_the_exporter_gives() -> None:
    used = {name for name in METRICS if name.startswith("celery_")}
    assert used
    assert used <= EXPORTED


def test_the_dashboard_answers_what_an_operator_asks() -> None:
    assert {
        "celery_queue_length",
        "celery_task_succeeded_total",
        "celery_task_runtime_bucket",
        "celery_task_failed_total",
        "celery_active_consumer_count",
    } <= METRICS
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_the_exporter_watches_every_queue() -> None:
    assert set(SERVICES["exporter"]["environment"]["CE_QUEUES"].split(",")) == {queue.name for queue in all_queues()}


def test_every_address_is_one_where_something_listens_on_a_network_in_common() -> None:
    source = yaml.safe_load((FOLDER / "grafana-sources.yml").read_text())["datasources"][0]
    reached = [("grafana", urlsplit(source["url"]).netloc)]
    reached += [
        ("prometheus", target)
        for job in PROMETHEUS["scrape_configs"]
        for one in job["static_configs"]
        for target in one["targets"]
    ]
    everything = stack()["services"] | SERVICES
    for caller, address in reached:
        host, _, port = address.partition(":")
        assert int(port) == LISTENS[host]
        assert set(everything[caller]["networks"]) & set(everything[host]["networks"])
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}


def test_grafana_finds_the_dashboard_where_it_is_mounted() -> None:
    mounted = {config["source"]: config["target"] for config in SERVICES["grafana"]["configs"]}
    (provider,) = yaml.safe_load((FOLDER / "grafana-folders.yml").read_text())["providers"]
    assert Path(mounted["grafana_dashboard"]).parent == Path(provider["options"]["path"])
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == mounted["grafana_dashboard"]
    assert (
        "--config.file=" + next(config["target"] for config in SERVICES["prometheus"]["configs"])
        in SERVICES["prometheus"]["command"]
    )


def test_only_grafanas_page_is_published_and_asks_for_a_password() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"grafana"}
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_password"
    assert (environment["GF_AUTH_ANONYMOUS_ENABLED"], environment["GF_USERS_ALLOW_SIGN_UP"]) == ("false", "false")


def test_nobody_here_is_on_a_network_without_need() -> None:
    assert {name: set(service["networks"]) for name, service in SERVICES.items()} == {
        "exporter": {"broker", "monitoring"},
        "prometheus": {"broker", "monitoring"},
        "grafana": {"monitoring", "pages"},
    }
    assert FILE["networks"] == {"monitoring": {"driver": "overlay", "internal": True}}


def test_containers_are_locked_down_with_exact_tags_and_each_secret_is_read() -> None:
    for service in SERVICES.values():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        told = " ".join(map(str, [*service["environment"].values()] if "environment" in service else []))
        told += " ".join(service.get("entrypoint", []))
        assert set(re.findall(r"/run/secrets/(\w+)", told)) == secrets_of(service)


def test_what_it_reserves_is_what_it_says() -> None:
    reserved = [service["deploy"]["resources"]["reservations"] for service in SERVICES.values()]
    assert sum(int(one["memory"].removesuffix("M")) for one in reserved) == 320
    assert "Reserved beside docker-stack.yml's: 320 MiB" in (ROOT / "deploy/stack/monitoring.yml").read_text()
    assert not any("cpus" in one for one in reserved)


@pytest.mark.rabbitmq
def test_every_metric_of_rabbitmq_is_one_that_it_gives_where_prometheus_asks(broker: Broker) -> None:
    used = {name for name in METRICS if name.startswith("rabbitmq_")}
    assert used
    until = time.monotonic() + 60
    while not used <= (given := _scraped(broker.numbers)) and time.monotonic() < until:
        time.sleep(0.5)  # a queue's numbers come with its first tick
    assert used <= given


def _scraped(port: int) -> set[str]:
    given = set()
    for job in PROMETHEUS["scrape_configs"]:
        if job["static_configs"][0]["targets"] == ["rabbitmq:15692"]:
            query = urlencode(job.get("params", {}), doseq=True)
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}{job.get('metrics_path', '/metrics')}?{query}"
            ) as page:
                given |= set(re.findall(r"^(rabbitmq_\w+)", page.read().decode(), flags=re.MULTILINE))
    return given


@pytest.mark.rabbitmq
def test_the_exporter_may_ask_how_long_a_queue_is_and_listen_to_events(broker: Broker) -> None:
    with Connection(broker.url("exporter")) as connection:
        for queue in all_queues():
            assert connection.default_channel.queue_declare(queue=queue.name, passive=True).message_count == 0
        app = celery_app("exporter", broker.url("exporter"), declare_queues=False)
        heard: list[str] = []
        receiver = app.events.Receiver(connection, handlers={"*": lambda event: heard.append(event["type"])})
        with receiver.consumer_context():
            with Connection(broker.url("flower")) as other, app.events.Dispatcher(other) as sender:
                sender.send("worker-heartbeat")
            with suppress(TimeoutError):
                for _ in range(30):
                    connection.drain_events(timeout=1)
                    if heard:
                        break
    assert heard == ["worker-heartbeat"]


@pytest.mark.rabbitmq
@pytest.mark.parametrize("deed", ["read", "write", "purge"])
def test_the_exporter_may_touch_no_message(broker: Broker, deed: str) -> None:
    with Connection(broker.url("exporter")) as connection:
        channel = connection.default_channel
        with pytest.raises((OperationalError, *connection.channel_errors), match=r"(?i)access"):
            if deed == "read":
                channel.basic_get("to_estimate")
            elif deed == "purge":
                channel.queue_purge("to_estimate")
            else:
                connection.Producer(channel).publish("x", exchange="attrai", routing_key="to_estimate")
                channel.queue_declare(queue="to_estimate", passive=True)
