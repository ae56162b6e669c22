"""`up`, `down` and `backup-graylog` from their command line, with a fake docker that stores secrets in a folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
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
    "stack deploy") cat > "$kept.deployed"; [[ ! -e $kept.estimators ]] ;;
    "stack services") printf "attrai_bot 1/1\nattrai_flower 1/1\nattrai_graylog 0/0\n"; cat "$kept.estimators" 2>/dev/null || true ;;
    "stack rm") echo "attrai_broker" > "$kept.networks" ;;
    "ps -q") cat "$kept.mongodb" 2>/dev/null || true ;;
    "exec gone") echo half; exit 7 ;;
    "exec 3f2a") echo "$*" ;;
    "build -q") touch "$kept.built" ;;
    "network ls") echo look >> "$kept.looks"; cat "$kept.networks"; : > "$kept.networks" ;;
    *) exit 1 ;;
esac
"""
STACK = """services:
  bot: {}
  estimator:
    deploy:
      replicas: 4
  graylog:
    deploy:
      replicas: 0
secrets:
"""


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of secrets. The stack needs those of docker-stack.yml, in Docker's canonical form."""
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


def test_the_first_deploy_creates_the_secrets_of_later_files_too(
    secrets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--file", str(ROOT / "docker-stack.yml")]) == 0
    created = {path.name.removeprefix("attrai_") for path in secrets.iterdir()}
    assert created == set(new_credentials("42:token").secrets)
    assert created > set(stack()["secrets"]) | set(stack("deploy/stack/monitoring.yml")["secrets"])
    grafana = (secrets / "attrai_grafana_password").read_text()
    printed = capsys.readouterr().out
    assert f"Grafana: admin {grafana}" in printed
    assert re.findall(r"(\w+): http", printed) == ["Flower"], "only this page has replicas"


def test_a_single_missing_secret_is_not_created_alone(secrets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in set(stack()["secrets"]) - {"redis_users"}:
        (secrets / f"attrai_{name}").write_text("old")
    assert main(["up", "--file", str(ROOT / "docker-stack.yml")]) == 1
    assert "secrets are missing: redis_users" in capsys.readouterr().err
    assert not (secrets / "attrai_redis_users").exists()


def test_undeploying_waits_until_networks_are_gone_and_keeps_secrets(secrets: Path) -> None:
    (secrets / "attrai_bot_token").write_text("42:token")
    assert main(["down"]) == 0
    assert (secrets.parent / "secrets.looks").read_text().split() == ["look", "look"], "the second poll finds nothing"
    assert (secrets / "attrai_bot_token").exists()


@pytest.mark.parametrize(
    ("deployed", "options", "count"),
    [
        ("", [], 4),
        ("", ["--estimators", "2"], 2),
        ("attrai_estimator 6/6", [], 6),
        ("attrai_estimator 5/9", [], 9),
        ("attrai_estimator 0/0", [], 0),
        ("attrai_estimator 6/6", ["--estimators", "2"], 2),
        ("attrai_estimator 6/6", ["--service", "estimator"], 6),
    ],
    ids=["first", "first, asked", "scaled", "more than the cores of this node", "none", "asked", "alone"],
)
def test_deploying_keeps_the_number_of_estimators(secrets: Path, deployed: str, options: list[str], count: int) -> None:
    (secrets.parent / "secrets.estimators").write_text(deployed)
    assert main(["up", "--file", str(ROOT / "docker-stack.yml"), *options]) == 1, (
        "the fake docker records the stack and fails"
    )
    service = yaml.safe_load((secrets.parent / "secrets.deployed").read_text())["services"]["estimator"]
    assert service["deploy"]["replicas"] == count


def test_estimators_of_a_first_deployment_are_compared_with_the_cores(
    secrets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--file", str(ROOT / "docker-stack.yml"), "--estimators", "9"]) == 1
    assert "ESTIMATORS=8" in capsys.readouterr().err
    assert not (secrets.parent / "secrets.deployed").exists()


def make(target: str, *variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the make target with the fake docker, without the options of an outer make."""
    given = {"PATH": os.environ["PATH"], "BOT_TOKEN": "42:token"}
    command = ["make", "-s", "-C", str(ROOT), target, f"PYTHON={sys.executable}", *variables]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("variables", "count"), [([], 6), (["ESTIMATORS=2"], 2)])
def test_make_deploy_passes_no_default_number(secrets: Path, variables: list[str], count: int) -> None:
    (secrets.parent / "secrets.estimators").write_text("attrai_estimator 6/6")
    make("deploy", *variables)
    assert f"replicas: {count}\n" in (secrets.parent / "secrets.deployed").read_text()


def test_pushing_without_a_registry_builds_nothing(secrets: Path) -> None:
    done = make("images-push", "REGISTRY=")
    assert done.returncode
    assert "name the registry" in done.stdout
    assert not (secrets.parent / "secrets.built").exists()


def test_a_backup_is_the_output_of_mongodump(secrets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (secrets.parent / "secrets.mongodb").write_text("3f2a\n")
    (folder := tmp_path / "out").mkdir()
    assert main(["backup-graylog", str(folder)]) == 0
    [archive] = folder.iterdir()
    assert capsys.readouterr().out.strip() == str(archive)
    assert re.fullmatch(r"graylog-\d{8}-\d{6}\.archive\.gz", archive.name)
    content = archive.read_text()
    assert content.startswith("exec 3f2a sh -c mongodump ")
    assert "--archive --gzip" in content


def test_a_failed_backup_leaves_no_file(secrets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (secrets.parent / "secrets.mongodb").write_text("gone\n")
    (folder := tmp_path / "out").mkdir()
    assert main(["backup-graylog", str(folder)]) == 1
    assert "mongodump ended with status 7" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("secrets")
def test_a_backup_without_mongodb_on_this_node_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup-graylog", str(tmp_path)]) == 1
    assert "MongoDB does not run on this node" in capsys.readouterr().err
