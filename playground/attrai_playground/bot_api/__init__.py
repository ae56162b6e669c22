"""A Bot API server for one machine. Bots use Telegram's API; the chat page and tests use the API of the people's side."""

from .app import create_app
from .bot_routes import TELEGRAM
from .client import ChatClient

__all__ = ["TELEGRAM", "ChatClient", "create_app"]
