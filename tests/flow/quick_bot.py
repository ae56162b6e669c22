"""The bot's two processes, which start in a third of the time: `quick_bot.py intake` or `quick_bot.py replier`."""

import sys

from tests.flow.lazy_aiogram import import_aiogram

import_aiogram()

from attrai_bot.__main__ import main  # noqa: E402

from tests.flow.changed_settings import apply_changes  # noqa: E402

if __name__ == "__main__":
    apply_changes(sys.argv[1])
    main()
