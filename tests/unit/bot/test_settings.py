from pathlib import Path

import pytest
from attrai_bot.__main__ import app
from attrai_bot.settings import BotSettings
from pydantic import ValidationError
from typer.testing import CliRunner

TOKEN = "42:not-to-be-shown"  # made up
REQUIRED = {
    "broker_url": "redis+socket:///s",
    "redis_url": "unix:///s?db=1",
    "photo_store": Path("/p"),
    "bot_token": TOKEN,
    "user_hash_key": "a key of tests",
}


def test_defaults_are_the_documented_ones() -> None:
    settings = BotSettings(**REQUIRED)  # type: ignore[arg-type]
    assert (settings.limits.of_user, settings.limits.of_all, settings.limits.of_bytes) == (3, 500, 2 * 1024**3)
    assert settings.text_params == {"limit": 3, "megabytes": 20, "minutes": 10}


def test_a_webhook_needs_a_secret() -> None:
    with pytest.raises(ValidationError, match="ATTRAI_WEBHOOK_SECRET"):
        BotSettings(**REQUIRED, webhook_url="https://bot.example/hook")  # type: ignore[arg-type]


def test_secrets_are_not_shown() -> None:
    shown = repr(BotSettings(**REQUIRED))  # type: ignore[arg-type]
    assert TOKEN not in shown
    assert "a key of tests" not in shown


def test_help_lists_the_settings() -> None:
    said = CliRunner().invoke(app, ["--help"]).output
    for name in ("ATTRAI_BOT_TOKEN", "ATTRAI_PHOTOS_PER_USER", "ATTRAI_WEBHOOK_URL", "ATTRAI_LIFETIME"):
        assert name in said


@pytest.mark.parametrize("command", ["intake", "replier"])
def test_a_setting_that_is_missing_is_named(command: str) -> None:
    result = CliRunner().invoke(app, [command])
    assert result.exit_code != 0
    assert "ATTRAI_BOT_TOKEN" in str(result.exception) + result.output
