"""deploy/stack/webhook.yml, compared with the bot's settings, the stack and Telegram's rules for webhooks."""

from pathlib import Path
from typing import Any

from attrai_bot.settings import BotSettings
from attrai_deploy.credentials import new_credentials
from stack_files import ROOT, Yaml, environment, stack

BOT: Yaml = stack("deploy/stack/webhook.yml")["services"]["bot"]
ENVIRONMENT: dict[str, Any] = BOT["environment"] | {"ATTRAI_WEBHOOK_URL": "https://bot.example.org/telegram"}


def test_the_bot_reads_every_setting_and_is_in_webhook_mode(tmp_path: Path) -> None:
    credentials = new_credentials("1:token").secrets
    given = {"photo_store": str(tmp_path)}
    for name, value in (environment("bot") | ENVIRONMENT).items():
        setting = name.removeprefix("ATTRAI_")
        if setting.endswith("_FILE"):
            given[setting.removesuffix("_FILE").lower()] = credentials[Path(value).name]
        elif value:
            given[setting.lower()] = value
    settings = BotSettings.model_validate(given)
    assert settings.webhook_url == ENVIRONMENT["ATTRAI_WEBHOOK_URL"]
    assert settings.webhook_secret is not None
    assert settings.webhook_secret.get_secret_value() == credentials["webhook_secret"]


def test_the_published_port_is_the_one_the_bot_listens_on() -> None:
    (port,) = BOT["ports"]
    assert (port["target"], port["mode"]) == (int(ENVIRONMENT["ATTRAI_WEBHOOK_PORT"]), "host")
    assert ENVIRONMENT["ATTRAI_WEBHOOK_HOST"] == "0.0.0.0"  # noqa: S104  # in its container
    assert set(BOT) == {"environment", "secrets", "ports"}, "the stack file defines everything else"


def test_nothing_else_in_the_stack_uses_that_port() -> None:
    published = {
        port["published"]
        for name in ("docker-stack.yml", "deploy/stack/monitoring.yml")
        for service in stack(name)["services"].values()
        for port in service.get("ports", [])
    }
    assert int(BOT["ports"][0]["published"]) not in published


def test_its_use_is_documented() -> None:
    guide = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    for word in ("deploy/stack/webhook.yml", "WEBHOOK_URL", "WEBHOOK_PORT", "TLS", "443"):
        assert word in guide, word
