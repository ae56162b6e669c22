import re

import pytest
from attrai_deploy.credentials import BROKER_USERS
from attrai_shared.queues import REFUSED, TASKS, all_queues
from stack_files import ROOT, topology
from stack_rabbitmq import ALL_QUEUES, PUBLISHED_QUEUES, WORKERS, consumed_queues

CONSUMED_QUEUES = consumed_queues()
RIGHTS = {one["user"]: one for one in topology()["permissions"]}


def test_the_topology_has_the_queues_of_the_code() -> None:
    defined = {queue["name"]: queue["arguments"] for queue in topology()["queues"]}
    assert defined == {queue.name: queue.queue_arguments for queue in all_queues()}
    assert all(queue["durable"] and not queue["auto_delete"] for queue in topology()["queues"])


def test_the_topology_has_the_bindings_of_the_code() -> None:
    defined = {(one["source"], one["destination"], one["routing_key"]) for one in topology()["bindings"]}
    assert defined == {(queue.exchange.name, queue.name, queue.routing_key) for queue in all_queues()}
    exchanges = {one["name"]: one["type"] for one in topology()["exchanges"]}
    assert exchanges == {queue.exchange.name: "topic" for queue in all_queues()} | {"celeryev": "topic"}


def test_every_queue_except_refused_is_consumed_by_one_user() -> None:
    assert sorted(queue for queues in CONSUMED_QUEUES.values() for queue in queues) == sorted(ALL_QUEUES - {REFUSED})


def test_no_other_code_starts_a_worker() -> None:
    files = [
        file for part in ("shared", "bot", "estimator", "batch") for file in (ROOT / part).glob("attrai_*/**/*.py")
    ]
    workers = {str(file.relative_to(ROOT)) for file in files if ".Worker(" in file.read_text()}
    assert workers == {file for file, _ in WORKERS.values()}


@pytest.mark.parametrize("user", BROKER_USERS)
def test_a_service_may_read_what_it_consumes_and_no_more(user: str) -> None:
    assert {queue for queue in ALL_QUEUES if re.search(RIGHTS[user]["read"], queue)} == CONSUMED_QUEUES[user]


@pytest.mark.parametrize("user", BROKER_USERS)
def test_a_service_may_write_what_it_publishes_and_no_more(user: str) -> None:
    routes = {one["user"]: one["write"] for one in topology()["topic_permissions"] if one["exchange"] == TASKS.name}
    allowed = re.search(RIGHTS[user]["write"], TASKS.name) is not None
    assert {queue for queue in ALL_QUEUES if allowed and re.search(routes.get(user, ""), queue)} == PUBLISHED_QUEUES[
        user
    ]


@pytest.mark.parametrize("user", BROKER_USERS)
def test_no_service_may_create_one_of_our_queues(user: str) -> None:
    assert not [queue for queue in ALL_QUEUES if re.search(RIGHTS[user]["configure"], queue)]
