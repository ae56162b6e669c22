"""Writes docs/settings.md from the services' settings: `make docs`."""

import inspect
from pathlib import Path

from attrai_batch.settings import BatchRunSettings
from attrai_bot.settings import BotSettings
from attrai_estimator.settings import BatchEstimatorSettings, EstimatorSettings
from attrai_shared.settings import PREFIX, BatchSettings, QueueSettings, Settings
from pydantic.fields import FieldInfo

PAGE = Path(__file__).with_name("settings.md")

SECTIONS: dict[str, tuple[type[QueueSettings], ...]] = {
    "Every service": (QueueSettings,),
    "Bot, replier and estimator": (Settings,),
    "Bot and replier": (BotSettings,),
    "Estimator": (EstimatorSettings,),
    "Batch and its estimators": (BatchSettings, BatchRunSettings, BatchEstimatorSettings),
}
"""Heading → the classes whose settings it lists. A setting is listed once, under the first heading that has it."""

BY_MACHINE = {"models": "`models/` of the checkout", "replica": "the host's name"}
"""Defaults that differ between machines."""

INTRODUCTION = """# Settings

`make docs` writes this page from the code. Do not edit it.

Every setting is an environment variable. Each has a twin with `_FILE` behind its name: the path of a file that holds
the value, such as a Docker secret. `attrai-bot --help`, `attrai-estimator worker --help` and `attrai-batch run --help`
print the settings of one service.
"""

PLAYGROUND = """
## Playground

`make demo` and `make run` make all settings themselves and ignore those above, but for these:

| variable | default | meaning |
|---|---|---|
| `BOT_TOKEN` or `ATTRAI_BOT_TOKEN` | unset | serve this bot on Telegram; unset: open the local chat page |
| `ATTRAI_BOT_TOKEN_FILE` | unset | a file that holds the token |
| `ATTRAI_BOT_API_URL` | `https://api.telegram.org` | the Bot API server that knows the token |
"""


def settings_page() -> str:
    """The whole page."""
    listed: set[str] = set()
    sections = [_section(heading, classes, listed) for heading, classes in SECTIONS.items()]
    return "".join([INTRODUCTION, *sections, PLAYGROUND])


def _section(heading: str, classes: tuple[type[QueueSettings], ...], listed: set[str]) -> str:
    fields = {name: field for settings in classes for name, field in settings.model_fields.items()}
    rows = [_row(name, field) for name, field in fields.items() if name not in listed]
    listed |= set(fields)
    return "\n".join([f"\n## {heading}\n", "| setting | default | meaning |", "|---|---|---|", *rows, ""])


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{PREFIX}{name.upper()}` | {_default(name, field)} | {inspect.cleandoc(field.description or '')} |"


def _default(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    if name in BY_MACHINE:
        return BY_MACHINE[name]
    return "unset" if field.default is None else f"`{field.default}`"


if __name__ == "__main__":
    PAGE.write_text(settings_page(), encoding="utf-8")
