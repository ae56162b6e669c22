"""Serves the playground's Bot API on all addresses of its container."""

import os

from aiohttp import web
from attrai_playground.bot_api import create_app

if __name__ == "__main__":
    web.run_app(create_app(os.environ["BOT_TOKEN"], None), port=8081, access_log=None)
