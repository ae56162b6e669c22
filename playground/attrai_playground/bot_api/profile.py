"""The bot's profile: menus of commands, name and descriptions, each by language."""

import sqlite3
from typing import Annotated, Literal

from pydantic import Field

from .tables import Table
from .types import ApiObject, BotCommand

ProfileText = Literal["name", "description", "short_description"]


class BotCommandScope(ApiObject):
    """`chat_id`: only for scopes of one chat."""

    type: str = "default"
    chat_id: int | None = None

    def key(self, language: str) -> str:
        return f"{self.type}/{self.chat_id or ''}/{language}"


class Menu(ApiObject):
    commands: Annotated[tuple[BotCommand, ...], Field(max_length=100)] = ()


class _Text(ApiObject):
    text: str


class Profile:
    """Set by the bot, seen by people."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._menus = Table(database, "menus", str, Menu)
        self._texts = Table(database, "lines", str, _Text)

    def set_menu(self, scope: BotCommandScope, language: str, menu: Menu) -> None:
        """An empty menu removes the one that was set."""
        if menu.commands:
            self._menus.put(scope.key(language), menu)
        else:
            self._menus.remove(scope.key(language))

    def menu(self, scope: BotCommandScope, language: str) -> Menu:
        return self._menus.get(scope.key(language)) or Menu()

    def menu_for(self, chat_id: int, language: str) -> Menu:
        """The menu that a person sees: the narrowest scope, and there the own language first."""
        scopes = (
            BotCommandScope(type="chat", chat_id=chat_id),
            BotCommandScope(type="all_private_chats"),
            BotCommandScope(),
        )
        menus = (self.menu(scope, code) for scope in scopes for code in (language, ""))
        return next((menu for menu in menus if menu.commands), Menu())

    def set_text(self, kind: ProfileText, language: str, text: str) -> None:
        self._texts.put(f"{kind}/{language}", _Text(text=text))

    def text(self, kind: ProfileText, language: str) -> str:
        """Falls back to the text for all languages."""
        found = self._texts.get(f"{kind}/{language}") or self._texts.get(f"{kind}/")
        return found.text if found else ""
