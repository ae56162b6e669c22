"""All sentences that users read, in both languages. The key is the code of an error or a reason, or a name."""

from attrai_bot.texts.translation import LANGUAGES, SENTENCES, TextParams, choose_language, decimal, translate

__all__ = ["LANGUAGES", "SENTENCES", "TextParams", "choose_language", "decimal", "translate"]
