"""The server's methods by lower-case name; Telegram ignores the case."""

from collections.abc import Mapping

from . import about, editing, receiving, sending
from .base import Method, Result, wire

_ALL: tuple[type[Method], ...] = (
    about.GetMe,
    about.SetMyCommands,
    about.DeleteMyCommands,
    about.GetMyCommands,
    about.SetMyName,
    about.GetMyName,
    about.SetMyDescription,
    about.GetMyDescription,
    about.SetMyShortDescription,
    about.GetMyShortDescription,
    receiving.GetUpdates,
    receiving.SetWebhook,
    receiving.DeleteWebhook,
    receiving.GetWebhookInfo,
    receiving.GetFile,
    receiving.AnswerCallbackQuery,
    sending.SendMessage,
    sending.SendPhoto,
    sending.SendDocument,
    sending.SendMediaGroup,
    sending.SendChatAction,
    editing.EditMessageText,
    editing.EditMessageCaption,
    editing.EditMessageMedia,
    editing.EditMessageReplyMarkup,
    editing.DeleteMessage,
    editing.DeleteMessages,
)

METHODS: Mapping[str, type[Method]] = {method.__name__.lower(): method for method in _ALL}

__all__ = ["METHODS", "Method", "Result", "wire"]
