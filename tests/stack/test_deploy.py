import json
from dataclasses import replace
from pathlib import Path

import pytest
from attrai_deploy.credentials import BROKER_USERS, new_credentials, rabbitmq_hash, rabbitmq_users, redis_users
from attrai_deploy.node_check import GIB, OPENSEARCH_MAPS, NodeInfo, node_problems
from attrai_deploy.operations import request_records
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
READY = NodeInfo(swarm="active", manager=True, cores=4, memory=8 * GIB, maps=OPENSEARCH_MAPS)


def test_a_password_hash_equals_the_example_of_rabbitmqs_documentation() -> None:
    expected = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    assert rabbitmq_hash("test12", bytes.fromhex("908DC60A")) == expected


def test_both_sides_of_every_connection_get_the_same_password() -> None:
    created = new_credentials("1:token").secrets
    users = {user["name"]: user["password_hash"] for user in json.loads(created["rabbitmq_users"])["users"]}
    assert set(users) == set(BROKER_USERS)
    for user, hashed in users.items():
        password = created[f"{user}_broker_url"].split(":")[2].partition("@")[0]
        assert password in created["flower_broker_api"] or user != "flower"
        assert rabbitmq_users({user: password}) != hashed  # salted: never the same text twice
    assert created["mongodb_password"] in created["graylog_mongodb_uri"]


def test_no_secret_holds_a_password_that_its_service_only_checks() -> None:
    created = new_credentials("1:token").secrets
    password = created["estimator_redis_url"].split(":")[2].partition("@")[0]
    assert password not in redis_users({"estimator": password})
    assert password not in created["redis_users"]


def test_two_deployments_share_no_password() -> None:
    one, other = new_credentials("1:token").secrets, new_credentials("1:token").secrets
    assert [name for name in one if one[name] == other[name]] == ["bot_token"]


def test_one_service_is_extracted_with_the_sections_around_it() -> None:
    alone = only_service(STACK, "bot")
    assert "redis" not in alone
    assert "      A: b\nnetworks:" in alone
    assert alone.endswith("external: true\n")
    assert list(service_blocks(STACK)) == ["bot", "redis"]


def test_an_unknown_service_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownServiceError, match="no service bod; the services are bot, redis"):
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


def test_a_ready_node_has_no_problems() -> None:
    assert node_problems(READY, estimators=4, graylog=True) == []


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"swarm": "inactive"}, "docker swarm init"),
        ({"cores": 2}, "ESTIMATORS=2"),
        ({"memory": 4 * GIB}, "deploy/stack/light.yml"),
        ({"maps": 65_530}, "vm.max_map_count"),
    ],
)
def test_a_problem_names_its_remedy(change: dict[str, object], remedy: str) -> None:
    (sentence,) = node_problems(replace(READY, **change), estimators=4, graylog=True)  # type: ignore[arg-type]
    assert remedy in sentence


def test_a_requests_records_are_found_by_the_digits_a_user_quotes() -> None:
    record = '{"time": "2026-01-01T00:00:00", "request_id": "abcdef0123", "event": "photo_queued"}'
    lines = ["no json", '"text"', record, '{"time": "1", "request_id": "ffff"}']
    assert list(request_records("abcdef01", lines)) == [("2026-01-01T00:00:00", record)]
