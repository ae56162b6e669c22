from pathlib import Path

import pytest
from attrai_shared import __version__
from attrai_shared.settings import Settings, describe, read_settings
from pydantic import ValidationError
from pydantic_settings import SettingsError

REQUIRED = {"ATTRAI_BROKER_URL": "amqp://broker", "ATTRAI_REDIS_URL": "redis://redis", "ATTRAI_PHOTO_STORE": "photos"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ATTRAI_LIFETIME", "60")
    settings = Settings()
    assert (settings.lifetime, settings.photo_store, settings.broker_url.get_secret_value()) == (
        60,
        Path("photos"),
        "amqp://broker",
    )


def test_the_version_is_the_images_or_else_the_codes(environment: pytest.MonkeyPatch) -> None:
    assert Settings().version == __version__
    environment.setenv("ATTRAI_VERSION", "1.2.3")
    assert Settings().version == "1.2.3"


def test_a_file_twin_holds_the_value_and_wins(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "broker"
    secret.write_text("amqp://user:secret@broker\n")
    environment.setenv("ATTRAI_BROKER_URL_FILE", str(secret))
    assert Settings().broker_url.get_secret_value() == "amqp://user:secret@broker"


def test_a_file_twin_alone_is_enough(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "redis"
    secret.write_text("redis://elsewhere")
    environment.delenv("ATTRAI_REDIS_URL")
    environment.setenv("ATTRAI_REDIS_URL_FILE", str(secret))
    assert Settings().redis_url.get_secret_value() == "redis://elsewhere"


def test_a_missing_twin_is_an_error(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ATTRAI_REDIS_URL_FILE", "does-not-exist")
    with pytest.raises(SettingsError, match="redis_url"):
        Settings()


def test_secrets_stay_out_of_print_and_of_errors(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ATTRAI_BROKER_URL", "amqp://user:secret@broker")
    assert "secret" not in repr(Settings())
    environment.setenv("ATTRAI_LIFETIME", "hunter2")
    with pytest.raises(ValidationError) as wrong:
        Settings()
    assert "hunter2" not in str(wrong.value)


def test_every_setting_is_described() -> None:
    lines = describe(Settings).splitlines()
    assert len(lines) == len(Settings.model_fields)
    assert all("None" not in line.split(")")[1] for line in lines)


def test_every_wrong_setting_gets_a_sentence(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("ATTRAI_REDIS_URL")
    environment.setenv("ATTRAI_LIFETIME", "soon")
    with pytest.raises(SystemExit) as end:
        read_settings(Settings)
    lines = str(end.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["ATTRAI_REDIS_URL", "ATTRAI_LIFETIME"]


def test_an_unreadable_secret_file_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ATTRAI_BROKER_URL_FILE", "no/such/file")
    with pytest.raises(SystemExit, match=r"broker_url.*no/such/file"):
        read_settings(Settings)


@pytest.mark.parametrize("content", [b"amqp://user:\xff@broker", b"\xff\xfea\0m\0q\0p\0"])
def test_a_secret_file_that_is_no_text_is_named(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "broker").write_bytes(content)
    environment.setenv("ATTRAI_BROKER_URL_FILE", str(tmp_path / "broker"))
    with pytest.raises(SystemExit) as end:
        read_settings(Settings)
    assert f"{tmp_path / 'broker'} is not UTF-8 text" in str(end.value)
    assert "0xff" not in str(end.value)


def test_a_folder_in_place_of_a_secret_file_is_named(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("ATTRAI_BROKER_URL_FILE", str(tmp_path))
    with pytest.raises(SystemExit, match=f"broker_url.*{tmp_path}"):
        read_settings(Settings)


def test_a_byte_order_mark_in_a_secret_file_is_no_part_of_the_secret(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broker").write_bytes(b"\xef\xbb\xbfamqp://user:secret@broker\r\n")
    environment.setenv("ATTRAI_BROKER_URL_FILE", str(tmp_path / "broker"))
    assert Settings().broker_url.get_secret_value() == "amqp://user:secret@broker"


def test_an_empty_secret_file_sets_nothing(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    environment.delenv("ATTRAI_REDIS_URL")
    environment.setenv("ATTRAI_REDIS_URL_FILE", str(tmp_path / "empty"))
    with pytest.raises(SystemExit, match="ATTRAI_REDIS_URL"):
        read_settings(Settings)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter2/x@host:6379/0",
        "amqp://u:hunter2/x@host:5672/",
        "http://hunter2",
        "hunter2",
        "redis://[hunter2",
    ],
)
def test_a_wrong_url_is_refused_without_its_password(environment: pytest.MonkeyPatch, url: str) -> None:
    environment.setenv("ATTRAI_BROKER_URL", url)
    with pytest.raises(SystemExit) as end:
        read_settings(Settings)
    assert "ATTRAI_BROKER_URL" in str(end.value)
    assert "hunter2" not in str(end.value)


@pytest.mark.parametrize(
    "url",
    [
        "amqp://u:p%2Fx@host:5672/vhost",
        "amqps://host",
        "redis+socket:///run/valkey.sock?virtual_host=0",
        "unix:///run/v.sock?db=1",
    ],
)
def test_valid_urls_are_accepted(environment: pytest.MonkeyPatch, url: str) -> None:
    environment.setenv("ATTRAI_BROKER_URL", url)
    assert Settings().broker_url.get_secret_value() == url
