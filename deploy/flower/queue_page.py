"""Flower, the page with queues and workers: behind a password, with our log format, without a store."""

from pathlib import Path

from attrai_shared.logs import LogTarget, configure_logs
from attrai_shared.queues import celery_app
from attrai_shared.settings import Settings, read_settings
from celery import Celery
from pydantic import Field, SecretStr

MAX_TASKS = 5_000
"""Tasks that Flower keeps in memory."""


class FlowerSettings(Settings):
    """Settings of Flower. It needs neither Redis nor photos."""

    redis_url: SecretStr = Field(SecretStr("redis://not-read"), description="not read")
    photo_store: Path = Field(Path(), description="not read")
    broker_api: SecretStr = Field(description="http://user:password@host:15672/api/: RabbitMQ's own numbers")
    password: SecretStr = Field(description="user:password for the page")


def flower_app(settings: FlowerSettings) -> Celery:
    """A Celery application that only listens to events, on a queue that is deleted with its connection."""
    app = celery_app("flower", settings.broker_url.get_secret_value(), declare_queues=False)
    app.conf.event_queue_exclusive = True
    return app


def arguments(settings: FlowerSettings) -> list[str]:
    """Flower's arguments. They hold passwords, so they are not in the process's command line."""
    return [
        "flower",
        f"--broker-api={settings.broker_api.get_secret_value()}",
        f"--basic-auth={settings.password.get_secret_value()}",
        f"--max-tasks={MAX_TASKS}",
        "--port=5555",
        "--persistent=false",
        "--logging=none",
    ]


def main() -> None:
    """Serves the page until stopped."""
    settings = read_settings(FlowerSettings)
    target = None if settings.graylog_url is None else LogTarget.parse(settings.graylog_url)
    logs = configure_logs("flower", replica=settings.replica, version=settings.version, graylog=target)
    try:
        flower_app(settings).start(arguments(settings))
    finally:
        logs.stop()


if __name__ == "__main__":
    main()
