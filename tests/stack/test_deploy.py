import json
from dataclasses import replace
from pathlib import Path

import pytest
from attrai_deploy.credentials import BROKER_USERS, new_credentials, rabbitmq_hash, rabbitmq_users, redis_users
from attrai_deploy.node import GIB, OPENSEARCH_MAPS, Node, faults
from attrai_deploy.request_log import records_of
from attrai_deploy.stack_text import UnknownServiceError, config_tag, only_service, secrets_of, service_blocks

STACK = """version: "3.8"
services:
  bot:
    image: bot
    environment:
      A: b
  redis:
    image: redis
networks:
  broker: {}
secrets:
  bot_token:
    name: attrai_bot_token
    external: true
"""
READY = Node(swarm="active", manager=True, cores=4, memory=8 * GIB, maps=OPENSEARCH_MAPS)


def test_a_password_hash_is_the_one_of_rabbitmqs_own_documentation() -> None:
    expected = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    assert rabbitmq_hash("test12", bytes.fromhex("908DC60A")) == expected


def test_both_sides_of_every_connection_get_the_same_password() -> None:
    made = new_credentials("1:token").secrets
    users = {user["name"]: user["password_hash"] for user in json.loads(made["rabbitmq_users"])["users"]}
    assert set(users) == set(BROKER_USERS)
    for user, hashed in users.items():
        password = made[f"{user}_broker_url"].split(":")[2].partition("@")[0]
        assert password in made["flower_broker_api"] or user != "flower"
        assert rabbitmq_users({user: password}) != hashed  # salted: never the same text twice
    assert made["mongodb_password"] in made["graylog_mongodb_uri"]


def test_no_secret_holds_a_password_that_its_service_only_checks() -> None:
    made = new_credentials("1:token").secrets
    word = made["estimator_redis_url"].split(":")[2].partition("@")[0]
    assert word not in redis_users({"estimator": word})
    assert word not in made["redis_users"]


def test_two_deployments_share_no_password() -> None:
    one, other = new_credentials("1:token").secrets, new_credentials("1:token").secrets
    assert [name for name in one if one[name] == other[name]] == ["bot_token"]


def test_one_service_is_cut_out_with_all_that_stands_around_it() -> None:
    alone = only_service(STACK, "bot")
    assert "redis" not in alone
    assert "      A: b\nnetworks:" in alone
    assert alone.endswith("external: true\n")
    assert list(service_blocks(STACK)) == ["bot", "redis"]


def test_a_service_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownServiceError, match="no service bod; there are bot, redis"):
        only_service(STACK, "bod")


def test_external_secrets_are_found() -> None:
    assert secrets_of(STACK) == {"bot_token"}


def test_a_changed_config_gets_another_name(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_text("one")
    before = config_tag([file])
    assert config_tag([file]) == before
    file.write_text("two")
    assert config_tag([file]) != before


def test_a_ready_node_has_no_faults() -> None:
    assert faults(READY, estimators=4, graylog=True) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"swarm": "inactive"}, "docker swarm init"),
        ({"cores": 2}, "ESTIMATORS=2"),
        ({"memory": 4 * GIB}, "deploy/stack/light.yml"),
        ({"maps": 65_530}, "vm.max_map_count"),
    ],
)
def test_a_fault_says_what_to_do(change: dict[str, object], words: str) -> None:
    (sentence,) = faults(replace(READY, **change), estimators=4, graylog=True)  # type: ignore[arg-type]
    assert words in sentence


def test_a_requests_records_are_found_by_the_digits_that_a_user_quotes() -> None:
    record = '{"time": "2026-01-01T00:00:00", "request_id": "abcdef0123", "event": "photo_queued"}'
    lines = ["no json", '"text"', record, '{"time": "1", "request_id": "ffff"}']
    assert list(records_of("abcdef01", lines)) == [("2026-01-01T00:00:00", record)]
