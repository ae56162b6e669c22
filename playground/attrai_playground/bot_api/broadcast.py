"""A signal that wakes every waiting task."""

import asyncio


class Broadcast:
    """Unlike an asyncio.Event it is never set: each `fire` ends the waits that have begun."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        await self._event.wait()
