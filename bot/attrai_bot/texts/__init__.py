"""Every sentence that a user may read, in both languages, by key: an error's code, a reason's code, or a name."""

from attrai_bot.texts.translation import LANGUAGES, SENTENCES, TextParams, choose_language, decimal, translate

__all__ = ["LANGUAGES", "SENTENCES", "TextParams", "choose_language", "decimal", "translate"]
