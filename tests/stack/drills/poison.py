"""A photo that kills its worker process: it gets three attempts, its user an answer, others no delay."""

from drills.leftovers import assert_no_leftovers
from drills.photos import photo
from drills.swarm import DrillFailedError, roll_back_and_wait, run_in, update_and_wait
from drills.telegram_proxy import telegram_proxy
from drills.users import SimulatedUsers, count_outcomes

OTHER_USERS = 12
MAX_ATTEMPTS = 3
POISON_NUMBER = 4000
FAULTY_IMAGE = "attrai-test/faulty"
POISON_MARK = b"<poison>"
ATTEMPT_LOG = "/tmp/attempts"  # noqa: S108 - in its container


async def run() -> str:
    """Returns the table's sentence. Raises DrillFailedError."""
    await update_and_wait(
        "estimator",
        "--force",
        "--image",
        FAULTY_IMAGE,
        "--args",
        "",
        "--env-add",
        f"FAULTY_LOG={ATTEMPT_LOG}",
    )
    async with telegram_proxy() as url, SimulatedUsers(url, count=OTHER_USERS + 1) as users:
        await users.send_file(POISON_NUMBER, OTHER_USERS, photo(POISON_NUMBER) + POISON_MARK)
        await users.send(range(OTHER_USERS))
        await users.wait_until_answered(240)
        answers = await users.answers()
    attempts = run_in("estimator", "cat", ATTEMPT_LOG).count(POISON_MARK.decode())
    poison_answer = answers.pop(POISON_NUMBER)
    counts = count_outcomes(answers)
    await roll_back_and_wait("estimator")
    summary = f"{attempts} attempts, then {' '.join(poison_answer.sentences)!r}; {OTHER_USERS} photos of others: {dict(counts)}"
    if not 1 <= attempts <= MAX_ATTEMPTS or len(poison_answer.sentences) != 1 or counts["right"] != OTHER_USERS:
        raise DrillFailedError(summary)
    await assert_no_leftovers()
    return summary
