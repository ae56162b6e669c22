from pathlib import Path

import pytest
from attrai_local import Service
from attrai_local.valkey import embedded_broker, embedded_redis
from attrai_playground.folders import Folders, Secrets
from attrai_playground.services import Addresses, ServicePlan, all_services

FOLDERS = Folders(state=Path("/state"), runtime=Path("/run"))


def services(broker: str | None = None, redis: str | None = None, port: int | None = 8090) -> dict[str, Service]:
    addresses = Addresses(
        broker_url=broker or embedded_broker(FOLDERS.socket),
        redis_url=redis or embedded_redis(FOLDERS.socket),
        photo_store=FOLDERS.photos,
        bot_api_url="http://127.0.0.1:8090" if port else "https://api.telegram.org",
        bot_token="42:secret",
        port=port,
    )
    parent_environment = {
        "PATH": "/bin",
        "BOT_TOKEN": "theirs",
        "ATTRAI_BROKER_URL_FILE": "theirs",
        "CELERY_X": "theirs",
    }
    extra = {"ATTRAI_LIFETIME": "30"}
    plan = ServicePlan(addresses, FOLDERS, Secrets("key", "42:secret"), parent_environment, extra, {})
    return {service.name: service for service in all_services(plan)}


def test_workers_start_after_the_servers() -> None:
    after = {name: service.after for name, service in services().items()}
    assert after == {
        "valkey": (),
        "bot_api": (),
        "intake": ("valkey", "bot_api"),
        "replier": ("valkey", "bot_api"),
        "estimator": ("valkey",),
    }


def test_on_telegram_the_local_bot_api_server_does_not_run() -> None:
    assert [*services(port=None)] == ["valkey", "intake", "replier", "estimator"]


@pytest.mark.parametrize(
    ("broker", "redis", "embedded"),
    [
        ("amqp://127.0.0.1", "redis://127.0.0.1/0", False),
        ("amqp://127.0.0.1", None, True),
        (None, "redis://127.0.0.1/0", True),
    ],
)
def test_valkey_runs_where_something_uses_it(broker: str | None, redis: str | None, embedded: bool) -> None:
    assert ("valkey" in services(broker, redis)) == embedded


def test_services_get_the_plans_settings_and_none_of_the_parent_environment() -> None:
    for name in ("intake", "replier", "estimator"):
        environment = services()[name].environment
        assert environment["PATH"] == "/bin"
        assert environment["ATTRAI_REPLICA"] == name
        assert environment["ATTRAI_LIFETIME"] == "30"
        assert "theirs" not in environment.values()


def test_only_services_that_use_telegram_get_the_token() -> None:
    holding = [name for name, service in services().items() if "42:secret" in service.environment.values()]
    assert holding == ["bot_api", "intake", "replier"]


def test_no_command_line_shows_a_secret() -> None:
    assert not [
        word for service in services().values() for word in service.command if "secret" in word or word == "key"
    ]


def test_a_socket_in_a_folder_with_a_space_is_quoted() -> None:
    assert embedded_broker(Path("/a b/s")) == "redis+socket:///a%20b/s?virtual_host=0"
    assert embedded_redis(Path("/a b/s")) == "unix:///a%20b/s?db=1"
