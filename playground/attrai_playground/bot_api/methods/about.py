"""getMe, and what the bot says of itself: commands, name, descriptions."""

from typing import Annotated, ClassVar

from ..events import Event
from ..profile import BotCommandScope, Menu, ProfileText
from ..telegram import Telegram
from ..types import JSON_TEXT, ApiObject, BotCommand, BotUser
from .base import Method


class GetMe(Method):
    async def run(self, telegram: Telegram) -> BotUser:
        return telegram.me


class _Menu(Method):
    scope: Annotated[BotCommandScope, JSON_TEXT] = BotCommandScope()
    language_code: str = ""

    def put(self, telegram: Telegram, menu: Menu) -> bool:
        telegram.profile.set_menu(self.scope, self.language_code, menu)
        telegram.events.add(Event(kind="commands"))
        return True


class SetMyCommands(_Menu):
    commands: Annotated[tuple[BotCommand, ...], JSON_TEXT] = ()

    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, Menu(commands=self.commands))


class DeleteMyCommands(_Menu):
    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, Menu())


class GetMyCommands(_Menu):
    async def run(self, telegram: Telegram) -> tuple[BotCommand, ...]:
        return telegram.profile.menu(self.scope, self.language_code).commands


class BotName(ApiObject):
    name: str


class BotDescription(ApiObject):
    description: str


class BotShortDescription(ApiObject):
    short_description: str


class _Line(Method):
    line: ClassVar[ProfileText]
    language_code: str = ""

    def put(self, telegram: Telegram, text: str) -> bool:
        telegram.profile.set_text(self.line, self.language_code, text)
        telegram.events.add(Event(kind="commands"))
        return True

    def get(self, telegram: Telegram) -> str:
        return telegram.profile.text(self.line, self.language_code)


class SetMyName(_Line):
    line = "name"
    name: str = ""

    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, self.name)


class GetMyName(_Line):
    line = "name"

    async def run(self, telegram: Telegram) -> BotName:
        return BotName(name=self.get(telegram) or telegram.me.first_name)


class SetMyDescription(_Line):
    line = "description"
    description: str = ""

    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, self.description)


class GetMyDescription(_Line):
    line = "description"

    async def run(self, telegram: Telegram) -> BotDescription:
        return BotDescription(description=self.get(telegram))


class SetMyShortDescription(_Line):
    line = "short_description"
    short_description: str = ""

    async def run(self, telegram: Telegram) -> bool:
        return self.put(telegram, self.short_description)


class GetMyShortDescription(_Line):
    line = "short_description"

    async def run(self, telegram: Telegram) -> BotShortDescription:
        return BotShortDescription(short_description=self.get(telegram))
