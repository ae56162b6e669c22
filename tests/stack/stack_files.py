"""The stack files as Python values, for tests without Docker."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from attrai_bot.settings import BotSettings
from attrai_estimator.settings import EstimatorSettings
from attrai_shared.settings import Settings
from queue_page import FlowerSettings

ROOT = Path(__file__).resolve().parents[2]
SETTINGS: dict[str, type[Settings]] = {
    "bot": BotSettings,
    "replier": BotSettings,
    "estimator": EstimatorSettings,
    "flower": FlowerSettings,
}
SET_BY_IMAGE = {"photo_store", "heartbeat", "models"}
"""Settings from the environments of the images."""

Yaml = dict[str, Any]


def stack(name: str = "docker-stack.yml") -> Yaml:
    """A stack file with the defaults of its variables."""
    text = re.sub(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}", lambda match: match[1] or "", (ROOT / name).read_text())
    return cast(Yaml, yaml.safe_load(text))


def environment(service: str) -> Mapping[str, str]:
    return cast(Mapping[str, str], stack()["services"][service].get("environment", {}))


def secrets_of(service: Yaml) -> set[str]:
    return {secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", [])}


def topology() -> dict[str, list[dict[str, Any]]]:
    return cast(dict[str, list[dict[str, Any]]], json.loads((ROOT / "deploy/rabbitmq/topology.json").read_text()))
