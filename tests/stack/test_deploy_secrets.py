"""`up` and `down` from their command line, with a docker of the test's own that keeps secrets in a folder."""

import os
import re
from pathlib import Path

import pytest
from attrai_deploy.__main__ import main
from attrai_deploy.credentials import new_credentials
from stack_files import ROOT, stack

DOCKER = """#!/bin/bash
kept=$(dirname "$0")/secrets
case "$1 $2" in
    "stack config") cat "$(dirname "$0")/stack.yml" ;;
    "info --format") echo '{"Swarm": {"LocalNodeState": "active", "ControlAvailable": true}, "NCPU": 8, "MemTotal": 17179869184}' ;;
    "secret ls") ls "$kept" ;;
    "secret create") cat > "$kept/$3" ;;
    "stack deploy") cat > /dev/null ;;
    "stack services") printf "attrai_bot 1/1\nattrai_flower 1/1\nattrai_graylog 0/0\n" ;;
    "stack rm") echo "attrai_broker" > "$kept.networks" ;;
    "ps -q") ;;
    "network ls") echo look >> "$kept.looks"; cat "$kept.networks"; : > "$kept.networks" ;;
    *) exit 1 ;;
esac
"""
STACK = """services:
  bot: {}
  graylog:
    deploy:
      replicas: 0
secrets:
"""


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of secrets; the stack needs those of docker-stack.yml, in Docker's own spelling."""
    (tmp_path / "secrets").mkdir()
    needed = "".join(f"  {name}:\n    name: attrai_{name}\n    external: true\n" for name in stack()["secrets"])
    (tmp_path / "stack.yml").write_text(STACK + needed)
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("BOT_TOKEN", "42:token")
    monkeypatch.setenv("CONFIG_TAG", "")
    return tmp_path / "secrets"


def test_the_first_deploy_makes_what_files_laid_over_later_need_too(
    secrets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--file", str(ROOT / "docker-stack.yml")]) == 0
    made = {path.name.removeprefix("attrai_") for path in secrets.iterdir()}
    assert made == set(new_credentials("42:token").secrets)
    assert made > set(stack()["secrets"]) | set(stack("docker-stack.monitoring.yml")["secrets"])
    grafana = (secrets / "attrai_grafana_password").read_text()
    printed = capsys.readouterr().out
    assert f"Grafana: admin {grafana}" in printed
    assert re.findall(r"(\w+): http", printed) == ["Flower"], "the one page that something serves"


def test_a_secret_that_is_missing_among_others_is_not_made_alone(
    secrets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in set(stack()["secrets"]) - {"redis_users"}:
        (secrets / f"attrai_{name}").write_text("old")
    assert main(["up", "--file", str(ROOT / "docker-stack.yml")]) == 1
    assert "secrets are missing: redis_users" in capsys.readouterr().err
    assert not (secrets / "attrai_redis_users").exists()


def test_undeploying_ends_when_networks_are_gone_and_leaves_secrets(secrets: Path) -> None:
    (secrets / "attrai_bot_token").write_text("42:token")
    assert main(["down"]) == 0
    assert (secrets.parent / "secrets.looks").read_text().split() == ["look", "look"], "the second finds nothing"
    assert (secrets / "attrai_bot_token").exists()
