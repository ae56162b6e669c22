"""The bot's two processes with traps at their edges; for flow tests alone. `bot_with_kill_points.py intake` or `bot_with_kill_points.py replier`."""

import sys

from aiogram import Bot
from attrai_bot.__main__ import main
from attrai_bot.state import RequestStore, scripts
from attrai_shared.photo_store import PhotoStore
from celery import Celery

from tests.flow.kill_points import KillPoints


def add_intake_points(points: KillPoints) -> None:
    points.add(RequestStore, "admit", "admitted", first=True)
    points.add_at_file_writes()
    points.add(Bot, "send_message", "waiting message sent")
    points.add(RequestStore, "note_waiting", "waiting message noted")
    points.add(Celery, "send_task", "published")
    points.add(RequestStore, "note_queued", "noted as queued")


def add_replier_points(points: KillPoints) -> None:
    points.add_at_scripts(
        {
            scripts.CLAIM: "claimed",
            scripts.SETTLE: "settled",
            scripts.LEARN: "seconds counted",
            scripts.RELEASE: "claim given back",
        }
    )
    points.add(Bot, "edit_message_media", "reply sent")
    points.add(PhotoStore, "delete", "files deleted")


if __name__ == "__main__":
    role = sys.argv[1]
    {"intake": add_intake_points, "replier": add_replier_points}[role](KillPoints(role))
    main()
