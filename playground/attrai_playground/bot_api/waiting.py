"""A signal that wakes all who wait for it now."""

import asyncio


class Signal:
    """Unlike an event it is never left set: each `fire` ends the waits that have begun."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        await self._event.wait()
