"""Looks for what only users know in logs and data, after everything is answered; what lies in the servers' journals is counted."""

from drills.nothing_kept import assert_nothing_lives, found_canaries
from drills.swarm import DrillFailedError

PEOPLE = 60
JOURNALS = ("user ids in Redis's data", "user ids in RabbitMQ's data")
"""Chat ids stand in messages and records until the servers compact their journals; the threat model says so."""


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    await assert_nothing_lives()
    found = found_canaries(PEOPLE)
    if set(found) - set(JOURNALS):
        raise DrillFailedError(f"found: {dict(found)}")
    return f"no file, quota or message left; of {PEOPLE} users no name and no file name anywhere, no id in any log; {dict(found)}"
