"""`up`, `down` and `backup-graylog` from their command line, with a docker of the test's own that keeps secrets in a folder."""

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
    assert made > set(stack()["secrets"]) | set(stack("deploy/stack/monitoring.yml")["secrets"])
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
def test_deploying_leaves_as_many_estimators_as_there_are(
    secrets: Path, deployed: str, options: list[str], count: int
) -> None:
    (secrets.parent / "secrets.estimators").write_text(deployed)
    assert main(["up", "--file", str(ROOT / "docker-stack.yml"), *options]) == 1, "it notes the stack and refuses it"
    service = yaml.safe_load((secrets.parent / "secrets.deployed").read_text())["services"]["estimator"]
    assert service["deploy"]["replicas"] == count


def test_estimators_of_a_first_deployment_are_held_against_the_cores(
    secrets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--file", str(ROOT / "docker-stack.yml"), "--estimators", "9"]) == 1
    assert "ESTIMATORS=8" in capsys.readouterr().err
    assert not (secrets.parent / "secrets.deployed").exists()


def make(target: str, *variables: str) -> subprocess.CompletedProcess[str]:
    """The make target with this test's docker; make's own options do not reach it."""
    given = {"PATH": os.environ["PATH"], "BOT_TOKEN": "42:token"}
    command = ["make", "-s", "-C", str(ROOT), target, f"PYTHON={sys.executable}", *variables]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("variables", "count"), [([], 6), (["ESTIMATORS=2"], 2)])
def test_make_deploy_names_no_number_of_its_own(secrets: Path, variables: list[str], count: int) -> None:
    (secrets.parent / "secrets.estimators").write_text("attrai_estimator 6/6")
    make("deploy", *variables)
    assert f"replicas: {count}\n" in (secrets.parent / "secrets.deployed").read_text()


def test_pushing_without_a_registry_builds_nothing(secrets: Path) -> None:
    done = make("images-push", "REGISTRY=")
    assert done.returncode
    assert "name the registry" in done.stdout
    assert not (secrets.parent / "secrets.built").exists()


def test_a_backup_is_what_mongodump_printed(secrets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (secrets.parent / "secrets.mongodb").write_text("3f2a\n")
    (folder := tmp_path / "out").mkdir()
    assert main(["backup-graylog", str(folder)]) == 0
    [archive] = folder.iterdir()
    assert capsys.readouterr().out.strip() == str(archive)
    assert re.fullmatch(r"graylog-\d{8}-\d{6}\.archive\.gz", archive.name)
    asked = archive.read_text()
    assert asked.startswith("exec 3f2a sh -c mongodump ")
    assert "--archive --gzip" in asked


def test_a_backup_that_breaks_off_leaves_nothing(
    secrets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (secrets.parent / "secrets.mongodb").write_text("gone\n")
    (folder := tmp_path / "out").mkdir()
    assert main(["backup-graylog", str(folder)]) == 1
    assert "mongodump ended with status 7" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("secrets")
def test_a_backup_without_mongodb_on_this_node_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup-graylog", str(tmp_path)]) == 1
    assert "MongoDB does not run on this node" in capsys.readouterr().err
