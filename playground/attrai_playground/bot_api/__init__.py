"""A Bot API server for one machine: Telegram's side of the bot, with a people's side for the chat page and tests."""

from .app import create_app
from .bot_routes import TELEGRAM
from .client import ChatClient

__all__ = ["TELEGRAM", "ChatClient", "create_app"]
