from pathlib import Path

import pytest
from attrai_local.errors import UsageError
from attrai_playground.settings import TelegramBot, telegram_bot, telegram_token


@pytest.mark.parametrize("name", ["BOT_TOKEN", "ATTRAI_BOT_TOKEN"])
def test_a_token_in_the_environment_means_telegram(name: str) -> None:
    assert telegram_token({name: " 42:secret \n"}) == "42:secret"


@pytest.mark.parametrize(
    "environment", [{}, {"BOT_TOKEN": ""}, {"ATTRAI_BOT_TOKEN": " "}, {"ATTRAI_BOT_TOKEN_FILE": ""}]
)
def test_no_token_means_the_local_chat(environment: dict[str, str]) -> None:
    assert telegram_token(environment) is None


def test_the_token_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("42:secret\n")
    assert telegram_token({"ATTRAI_BOT_TOKEN_FILE": str(tmp_path / "token")}) == "42:secret"


def test_a_bot_is_on_telegram_unless_another_server_is_named() -> None:
    assert telegram_bot({"BOT_TOKEN": "42:secret"}) == TelegramBot("42:secret", "https://api.telegram.org")
    named = {"BOT_TOKEN": "42:secret", "ATTRAI_BOT_API_URL": "http://127.0.0.1:8081/"}
    assert telegram_bot(named) == TelegramBot("42:secret", "http://127.0.0.1:8081")
    assert telegram_bot({"ATTRAI_BOT_API_URL": "http://127.0.0.1:8081"}) is None


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(TelegramBot("42:secret"))


def test_a_token_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names a file that cannot be read"):
        telegram_token({"ATTRAI_BOT_TOKEN_FILE": str(tmp_path / "none")})
