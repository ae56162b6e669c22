"""The bot's two processes with kill points at their edges: `bot_with_kill_points.py intake` or `... replier`."""

import sys

from tests.flow.lazy_aiogram import import_aiogram

import_aiogram()

from aiogram import Bot  # noqa: E402
from attrai_bot.__main__ import main  # noqa: E402
from attrai_bot.state import RequestStore, scripts  # noqa: E402
from attrai_shared.photo_store import PhotoStore  # noqa: E402
from celery import Celery  # noqa: E402

from tests.flow.kill_points import KillPoints  # noqa: E402


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
