"""The bot's settings, for both of its processes."""

import re

from attrai_shared.settings import Settings
from pydantic import Field, SecretStr, field_validator, model_validator

from attrai_bot.state.address_cipher import AddressCipher
from attrai_bot.state.live_request import QuotaLimits
from attrai_bot.telegram.limits import MAX_DOWNLOAD_MEGABYTES
from attrai_bot.texts import TextParams


class BotSettings(Settings):
    """Settings of intake and replier, in addition to those of every service."""

    bot_token: SecretStr = Field(min_length=1, description="the bot's token, from @BotFather")
    user_hash_key: SecretStr = Field(
        min_length=8,
        description="the secret key under which user ids are hashed and addresses encrypted; a new key forgets all users",
    )
    bot_api_url: str = Field("https://api.telegram.org", description="the Bot API server")
    admins: str | None = Field(
        None,
        pattern=r"^\d+( *, *\d+)*$",
        description="Telegram ids of those who may ask /stats, with commas between them",
    )
    photos_per_user: int = Field(3, ge=1, le=100, description="live requests that one user may have")
    waiting_cap: int = Field(500, ge=1, description="live requests of all users together; beyond it the bot is busy")
    store_cap: int = Field(2 * 1024**3, ge=1, description="bytes that all live requests may reserve in the photo store")
    webhook_url: str | None = Field(None, description="https address that Telegram calls; unset: long polling")
    webhook_secret: SecretStr | None = Field(
        None, max_length=256, description="the secret that Telegram's calls must carry: A-Z a-z 0-9 _ -"
    )
    webhook_host: str = Field("127.0.0.1", description="address on which the webhook's server listens")
    webhook_port: int = Field(8080, ge=0, le=65535, description="port on which the webhook's server listens")

    @field_validator("webhook_secret")
    @classmethod
    def _is_sendable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", value.get_secret_value()):
            raise ValueError("one or more of A-Z a-z 0-9 _ - and nothing else")
        return value

    @model_validator(mode="after")
    def _webhook_has_secret(self) -> "BotSettings":
        if self.webhook_url is not None and self.webhook_secret is None:
            raise ValueError("ATTRAI_WEBHOOK_URL needs ATTRAI_WEBHOOK_SECRET")
        return self

    @property
    def limits(self) -> QuotaLimits:
        return QuotaLimits(of_user=self.photos_per_user, of_all=self.waiting_cap, of_bytes=self.store_cap)

    @property
    def text_params(self) -> TextParams:
        return {
            "limit": self.photos_per_user,
            "megabytes": MAX_DOWNLOAD_MEGABYTES,
            "minutes": max(1, round(self.lifetime / 60)),
        }

    @property
    def admin_ids(self) -> frozenset[int]:
        return frozenset(map(int, self.admins.split(","))) if self.admins else frozenset()

    @property
    def hash_key(self) -> bytes:
        return self.user_hash_key.get_secret_value().encode()

    @property
    def cipher(self) -> AddressCipher:
        return AddressCipher(self.hash_key)
