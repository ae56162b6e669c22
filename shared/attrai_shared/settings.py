"""Settings from the environment: `ATTRAI_NAME`, or `ATTRAI_NAME_FILE`, the path of a file with the value (a secret)."""

import os
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from attrai_shared import __version__

PREFIX = "ATTRAI_"
URL_SCHEMES = ("amqp", "amqps", "redis", "rediss", "redis+socket", "unix")
"""Of broker and Redis URLs."""


class FileTwins(EnvSettingsSource):
    """Reads a setting from the file that its `_FILE` twin names, without a byte order mark and the final line break.

    An empty file sets nothing.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value in the file, or None without a twin. Raises OSError or ValueError, which name the file."""
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        value = None if path is None else _file_text(Path(path)).rstrip("\r\n")
        return value or None, field_name, self.field_is_complex(field)


def _file_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None  # the library's sentence quotes a byte of the secret


class QueueSettings(BaseSettings):
    """The settings of every process on the queues.

    Services add their own in subclasses; only this module reads the environment.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    broker_url: SecretStr = Field(
        description="amqp://user:password@host:5672/vhost, or redis+socket:///path for the embedded run"
    )
    declare_queues: bool = Field(
        True, description="false where RabbitMQ's definitions file creates the queues and services may not"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    graylog_url: str | None = Field(
        None,
        description="gelf+tcp://host:12201, or gelf+tls://host:12201?ca=/path/of/ca.pem, which checks the server's certificate and name "
        "against that file, without `ca` against the system's authorities; unset: console only",
    )
    version: str = Field(
        __version__, description="the version that the logs name; an image sets the one it was built as"
    )
    replica: str = Field(default_factory=lambda: os.uname().nodename, description="this replica's name in the logs")
    heartbeat: Path | None = Field(
        None, description="a file that the service touches every few seconds while it is well"
    )

    @field_validator("broker_url", "redis_url", check_fields=False)
    @classmethod
    def _is_url(cls, value: SecretStr) -> SecretStr:
        """Said here, in words of our own: what libraries say of a wrong URL holds parts of its password."""
        try:
            parts = urlsplit(value.get_secret_value())
            known = parts.scheme in URL_SCHEMES and (parts.port is None or parts.port > 0)
        except ValueError:
            known = False
        if not known:
            raise ValueError("not a server's URL; a password's special characters are written %XX in one")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then files named by `_FILE` twins, then the environment."""
        return init_settings, FileTwins(settings_cls), env_settings


class Settings(QueueSettings):
    """The settings of every service that works on users' photos."""

    redis_url: SecretStr = Field(
        description="redis://:password@host:6379/0 or unix:///path?db=1: quotas, deadlines, attempts, timings"
    )
    photo_store: Path = Field(description="the folder that bot and estimators share")
    lifetime: float = Field(600.0, gt=0, le=86_400, description="seconds from a photo's acceptance to its deadline")


class BatchSettings(QueueSettings):
    """The settings of both sides of a batch."""

    batch_root: Path = Field(description="the folder of the data sets, mounted read-only")
    batch_spool: Path = Field(description="the folder that batch and batch estimators share for what is in flight")


SettingsOf = TypeVar("SettingsOf", bound=QueueSettings)


def read_settings(settings: type[SettingsOf]) -> SettingsOf:
    """The settings. A missing or wrong one ends the process with a sentence for each; no value is printed."""
    try:
        return settings()
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        raise SystemExit(
            "\n".join(f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in faults)
        ) from None
    except SettingsError as error:
        raise SystemExit(f"{error}: {error.__cause__}") from None


def describe(settings: type[BaseSettings]) -> str:
    """One line for each setting, for `--help`: name, default, meaning."""
    return "\n".join(_line(name, field) for name, field in settings.model_fields.items())


def _line(name: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else f"default {field.get_default()}"
    if field.default_factory is not None:
        default = "default by machine"
    return f"{PREFIX}{name.upper()}  ({default})  {field.description}"
