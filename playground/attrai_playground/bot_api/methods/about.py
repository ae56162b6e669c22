"""getMe, and the methods of the bot's profile: commands, name, descriptions."""

from typing import Annotated, ClassVar

from ..events import Event
from ..profile import BotCommandScope, Menu, ProfileText
from ..telegram import Telegram
from ..types import JSON_TEXT, ApiObject, BotCommand, BotUser
from .base import Method


class GetMe(Method):
    async def run(self, telegram: Telegram) -> BotUser:
        return telegram.me


class _MenuMethod(Method):
    scope: Annotated[BotCommandScope, JSON_TEXT] = BotCommandScope()
    language_code: str = ""

    def put(self, telegram: Telegram, menu: Menu) -> bool:
        telegram.profile.set_menu(self.scope, self.language_code, menu)
        telegram.events.add(Event(kind="commands"))
        return True


class SetMyCommands(_MenuMethod):
    commands: Annotated[tuple[BotCommand, ...], JSON_TEXT] = ()

    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, Menu(commands=self.commands))


class DeleteMyCommands(_MenuMethod):
    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, Menu())


class GetMyCommands(_MenuMethod):
    async def run(self, telegram: Telegram) -> tuple[BotCommand, ...]:
        return telegram.profile.menu(self.scope, self.language_code).commands


class BotName(ApiObject):
    name: str


class BotDescription(ApiObject):
    description: str


class BotShortDescription(ApiObject):
    short_description: str


class _ProfileTextMethod(Method):
    kind: ClassVar[ProfileText]
    language_code: str = ""

    def put(self, telegram: Telegram, text: str) -> bool:
        telegram.profile.set_text(self.kind, self.language_code, text)
        telegram.events.add(Event(kind="commands"))
        return True

    def get(self, telegram: Telegram) -> str:
        return telegram.profile.text(self.kind, self.language_code)


class SetMyName(_ProfileTextMethod):
    kind = "name"
    name: str = ""

    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, self.name)


class GetMyName(_ProfileTextMethod):
    kind = "name"

    async def run(self, telegram: Telegram) -> BotName:
        return BotName(name=self.get(telegram) or telegram.me.first_name)


class SetMyDescription(_ProfileTextMethod):
    kind = "description"
    description: str = ""

    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, self.description)


class GetMyDescription(_ProfileTextMethod):
    kind = "description"

    async def run(self, telegram: Telegram) -> BotDescription:
        return BotDescription(description=self.get(telegram))


class SetMyShortDescription(_ProfileTextMethod):
    kind = "short_description"
    short_description: str = ""

    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, self.short_description)


class GetMyShortDescription(_ProfileTextMethod):
    kind = "short_description"

    async def run(self, telegram: Telegram) -> BotShortDescription:
        return BotShortDescription(short_description=self.get(telegram))
