"""The photo volume is full, then almost full: users are told, no partial file stays, service resumes with space."""

import asyncio

from drills.leftovers import assert_no_leftovers, stored_files
from drills.photos import photo
from drills.swarm import DrillFailedError, roll_back_and_wait, run_in, update_and_wait
from drills.telegram_proxy import telegram_proxy
from drills.users import Answer, SimulatedUsers, count_outcomes

SERVICES = ("replier", "estimator", "bot")
SMALL_VOLUME = (
    "type=volume,source=attrai_small,target=/photos,volume-driver=local,volume-opt=type=tmpfs,"
    'volume-opt=device=tmpfs,"volume-opt=o=size=1m,uid=10001,gid=10001,mode=700"'
)
PAGE_BYTES = 4096
BALLAST = "ballast"
FILL_VOLUME = (
    f"import os; s = os.statvfs('/photos'); open('/photos/{BALLAST}', 'wb').write(bytes(s.f_bavail * s.f_frsize - %d))"
)
STORE_FULL_SENTENCE = "I cannot store your photo right now"
PHOTOS = 6


async def run() -> str:
    """Returns the table's sentence. Raises DrillFailedError."""
    await asyncio.gather(*[update_and_wait(name, "--mount-add", SMALL_VOLUME) for name in SERVICES])
    async with telegram_proxy() as url:
        full = await _count_refused(url, free=0)
        nearly = await _count_refused(url, free=(len(photo(0)) // PAGE_BYTES + 2) * PAGE_BYTES)
        async with SimulatedUsers(url, PHOTOS) as users:
            await users.send(range(PHOTOS))
            await users.wait_until_answered(120)
            after = count_outcomes(await users.answers())
    await assert_no_leftovers()
    await roll_back_and_wait(*SERVICES)
    summary = f"full: {full} of {PHOTOS} told; room for a photo but not for its picture: {nearly} of {PHOTOS} told; then {dict(after)}"
    if (full, nearly, after["right"], after["twice"]) != (PHOTOS, PHOTOS, PHOTOS, 0):
        raise DrillFailedError(summary)
    return summary


async def _count_refused(url: str, free: int) -> int:
    """Sends photos one after the other with `free` bytes left. Returns how many got the right sentence."""
    run_in("replier", "python", "-c", FILL_VOLUME % free)
    answers: dict[int, Answer] = {}
    for number in range(PHOTOS):
        async with SimulatedUsers(url, number + 1) as users:
            await users.send_file(number, number, photo(number))
            await users.wait_until_answered(60)
            answers |= await users.answers()
    if (left := stored_files()) != [BALLAST]:
        raise DrillFailedError(f"files beside the ballast: {left}")
    run_in("replier", "python", "-c", f"import os; os.unlink('/photos/{BALLAST}')")
    return sum(
        len(answer.sentences) == 1 and answer.sentences[0].startswith(STORE_FULL_SENTENCE) and not answer.waiting
        for answer in answers.values()
    )
