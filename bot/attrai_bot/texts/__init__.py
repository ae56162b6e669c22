"""Every sentence that a user may read, in both languages, by key: an error's code, a reason's code, or a name."""

from attrai_bot.texts.say import LANGUAGES, SENTENCES, Figures, choose, decimal, say

__all__ = ["LANGUAGES", "SENTENCES", "Figures", "choose", "decimal", "say"]
