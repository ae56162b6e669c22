"""deploy/stack/monitoring.yml and its configs, compared with the stack, the exporters' metrics and a real RabbitMQ."""

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
EXPORTER_METRICS = frozenset(
    """
    celery_task_sent_total celery_task_received_total celery_task_started_total celery_task_succeeded_total
    celery_task_failed_total celery_task_rejected_total celery_task_revoked_total celery_task_retried_total
    celery_worker_up celery_worker_tasks_active celery_task_runtime_bucket celery_queue_length
    celery_active_consumer_count celery_active_worker_count celery_active_process_count
    """.split()  # noqa: SIM905 - words read better than fifteen quoted lines
)
"""Metrics of the exporter (https://github.com/danihodovic/celery-exporter#metrics)."""
METRIC_PORTS = {"exporter": 9808, "prometheus": 9090, "rabbitmq": 15692}
"""Default ports of the exporter, of Prometheus and of RabbitMQ's plugin."""
MIB = 1024**2


def test_every_celery_metric_exists_in_the_exporter() -> None:
    used = {name for name in METRICS if name.startswith("celery_")}
    assert used
    assert used <= EXPORTER_METRICS


def test_the_dashboard_shows_what_an_operator_needs() -> None:
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


def test_every_address_is_a_listening_port_on_a_common_network() -> None:
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
        assert int(port) == METRIC_PORTS[host]
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


def test_only_grafanas_page_is_published_and_it_needs_a_password() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"grafana"}
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_password"
    assert (environment["GF_AUTH_ANONYMOUS_ENABLED"], environment["GF_USERS_ALLOW_SIGN_UP"]) == ("false", "false")


def test_each_service_is_only_on_the_networks_it_needs() -> None:
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
        text = " ".join(map(str, [*service["environment"].values()] if "environment" in service else []))
        text += " ".join(service.get("entrypoint", []))
        assert set(re.findall(r"/run/secrets/(\w+)", text)) == secrets_of(service)


def test_the_reservations_are_as_documented() -> None:
    reserved = [service["deploy"]["resources"]["reservations"] for service in SERVICES.values()]
    assert sum(int(one["memory"].removesuffix("M")) for one in reserved) == 320
    assert "Reserved beside docker-stack.yml's: 320 MiB" in (ROOT / "deploy/stack/monitoring.yml").read_text()
    assert not any("cpus" in one for one in reserved)


@pytest.mark.rabbitmq
def test_every_rabbitmq_metric_is_at_the_scraped_address(broker: Broker) -> None:
    used = {name for name in METRICS if name.startswith("rabbitmq_")}
    assert used
    until = time.monotonic() + 60
    while not used <= (given := _scraped(broker.metrics_port)) and time.monotonic() < until:
        time.sleep(0.5)  # a queue's metrics appear with its first tick
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
def test_the_exporter_may_read_queue_lengths_and_listen_to_events(broker: Broker) -> None:
    with Connection(broker.url("exporter")) as connection:
        for queue in all_queues():
            assert connection.default_channel.queue_declare(queue=queue.name, passive=True).message_count == 0
        app = celery_app("exporter", broker.url("exporter"), declare_queues=False)
        received: list[str] = []
        receiver = app.events.Receiver(connection, handlers={"*": lambda event: received.append(event["type"])})
        with receiver.consumer_context():
            with Connection(broker.url("flower")) as other, app.events.Dispatcher(other) as sender:
                sender.send("worker-heartbeat")
            with suppress(TimeoutError):
                for _ in range(30):
                    connection.drain_events(timeout=1)
                    if received:
                        break
    assert received == ["worker-heartbeat"]


@pytest.mark.rabbitmq
@pytest.mark.parametrize("action", ["read", "write", "purge"])
def test_the_exporter_may_access_no_message(broker: Broker, action: str) -> None:
    with Connection(broker.url("exporter")) as connection:
        channel = connection.default_channel
        with pytest.raises((OperationalError, *connection.channel_errors), match=r"(?i)access"):
            if action == "read":
                channel.basic_get("to_estimate")
            elif action == "purge":
                channel.queue_purge("to_estimate")
            else:
                connection.Producer(channel).publish("x", exchange="attrai", routing_key="to_estimate")
                channel.queue_declare(queue="to_estimate", passive=True)
