from pathlib import Path

import pytest
from attrai_playground.settings import telegram_token
from attrai_playground.supervision.errors import UsageError


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


def test_a_token_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names a file that cannot be read"):
        telegram_token({"ATTRAI_BOT_TOKEN_FILE": str(tmp_path / "none")})
