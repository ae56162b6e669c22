"""The bot's two processes with traps at their edges; for flow tests alone. `trapped_bot.py intake` or `trapped_bot.py replier`."""

import sys

from aiogram import Bot
from attrai_bot.__main__ import main
from attrai_bot.state import RequestStore, scripts
from attrai_shared.photo_store import PhotoStore
from celery import Celery

from tests.flow.traps import Traps


def lay_for_intake(traps: Traps) -> None:
    traps.lay(RequestStore, "admit", "admitted", first=True)
    traps.lay_at_writing()
    traps.lay(Bot, "send_message", "waiting message sent")
    traps.lay(RequestStore, "note_waiting", "waiting message noted")
    traps.lay(Celery, "send_task", "published")
    traps.lay(RequestStore, "note_queued", "noted as queued")


def lay_for_replier(traps: Traps) -> None:
    traps.lay_at_scripts(
        {
            scripts.CLAIM: "claimed",
            scripts.SETTLE: "settled",
            scripts.LEARN: "seconds counted",
            scripts.RELEASE: "claim given back",
        }
    )
    traps.lay(Bot, "edit_message_media", "reply sent")
    traps.lay(PhotoStore, "delete", "files deleted")


if __name__ == "__main__":
    role = sys.argv[1]
    {"intake": lay_for_intake, "replier": lay_for_replier}[role](Traps(role))
    main()
