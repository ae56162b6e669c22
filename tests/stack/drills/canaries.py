"""After the last answer, searches everything that the stack stores for users' data: ids, names, bytes of photos."""

import re

from drills.leftovers import Canaries, assert_no_leftovers, log_records, search
from drills.photos import COMMENT, photo
from drills.swarm import DrillFailedError
from drills.telegram_proxy import telegram_proxy
from drills.users import FIRST_USER_ID, NAME, SimulatedUsers, count_outcomes

USERS = 60
"""The maximum of all other drills but the flood, which uses other ids."""
DOCUMENTS = 10
SERVERS = {"rabbitmq", "redis"}
"""Their log lines must be at the log server, else the search would prove nothing."""
SERVER_LOG_LINE = re.compile(rb"^<\d+>1 \S+ (\w+) \w+ - - - ", re.MULTILINE)
PIXEL_SLICE_BYTES = 24
"""Enough compressed bytes to identify a photo."""


async def run() -> str:
    """Returns the table's sentence. Raises DrillFailedError."""
    async with telegram_proxy() as url, SimulatedUsers(url, USERS) as users:
        await users.send(range(USERS))
        for number in range(USERS, USERS + DOCUMENTS):
            await users.send_file(number, number % USERS, photo(number))
        await users.wait_until_answered(240)
        counts = count_outcomes(await users.answers())
        wanted = _canaries(await users.files())
    await assert_no_leftovers()
    silent = SERVERS - {name.decode() for name in SERVER_LOG_LINE.findall(log_records())}
    if silent:
        raise DrillFailedError(f"the log server has no line of {', '.join(sorted(silent))}")
    places, hits = search(wanted)
    summary = f"{dict(counts)}; {sum(map(len, wanted.values()))} canaries in {places} bytes: {dict(hits) or 'none'}"
    if hits or counts["right"] != len(users.sent):
        raise DrillFailedError(summary)
    return summary


def _canaries(files: list[bytes]) -> Canaries:
    return {
        "user ids": {str(FIRST_USER_ID + n).encode() for n in range(USERS)},
        "names": {NAME.encode()},
        "file names": {b"photo.jpg"},
        "comments": {COMMENT},
        "pixels": {
            data[place : place + PIXEL_SLICE_BYTES] for data in files for place in (len(data) // 3, 2 * len(data) // 3)
        },
    }
