"""Data sets in the stack: rights and mounts of batch.yml, and the command that runs a data set."""

import re

import pytest
import yaml
from attrai_batch.settings import BatchRunSettings
from attrai_deploy.batch import RunAttempt, main, wait_for_end
from attrai_estimator.settings import BatchEstimatorSettings
from attrai_shared.settings import QueueSettings
from stack_files import ROOT, secrets_of, stack

FILE = "deploy/stack/batch.yml"
SERVICES = stack(FILE)["services"]
SETTINGS: dict[str, type[QueueSettings]] = {"batch": BatchRunSettings, "batch_estimator": BatchEstimatorSettings}


@pytest.mark.parametrize("service", SETTINGS)
def test_every_variable_is_a_setting_and_every_required_one_is_given(service: str) -> None:
    given = {re.sub(r"^ATTRAI_|_FILE$", "", name).lower() for name in SERVICES[service]["environment"]}
    fields = SETTINGS[service].model_fields
    assert {name for name, field in fields.items() if field.is_required()} <= given <= set(fields)


@pytest.mark.parametrize("service", SERVICES)
def test_a_data_set_is_mounted_read_only(service: str) -> None:
    [data] = [volume for volume in SERVICES[service]["volumes"] if volume["target"] == "/data"]
    assert data["read_only"] is True
    writable = {volume["target"] for volume in SERVICES[service]["volumes"] if not volume.get("read_only")}
    assert writable <= {"/spool", "/tmp", "/run/attrai", "/out"}  # noqa: S108  # inside the container


@pytest.mark.parametrize("service", SERVICES)
def test_neither_service_has_user_photos_redis_or_a_default_route(service: str) -> None:
    assert secrets_of(SERVICES[service]) == {f"{service}_broker_url"}
    assert set(SERVICES[service]["networks"]) == {"broker", "logs"}
    assert "photos" not in yaml.safe_dump(SERVICES[service])


def test_nothing_runs_before_make_batch_and_a_finished_run_is_not_restarted() -> None:
    assert {service["deploy"]["replicas"] for service in SERVICES.values()} == {0}
    assert SERVICES["batch"]["deploy"]["restart_policy"]["condition"] == "on-failure"


def test_user_photos_have_priority() -> None:
    assert SERVICES["batch_estimator"]["environment"]["ATTRAI_BATCH_IDLE"] == "true"
    assert "cpus" not in SERVICES["batch_estimator"]["deploy"]["resources"]["reservations"]


def test_the_images_are_those_that_are_built() -> None:
    built = re.search(r"^IMAGES := (.*)$", (ROOT / "deploy/deploy.mk").read_text(), re.MULTILINE)
    assert built is not None
    assert {service["image"].partition("/")[2].partition(":")[0] for service in SERVICES.values()} <= set(
        built[1].split()
    )


def polls(*states: str) -> list[list[RunAttempt]]:
    """Swarm's answer at each poll: "wanted/state" of each attempt, newest first, numbered from the oldest."""
    return [
        [
            RunAttempt(str(at), *one.split("/"), "")
            for at, one in zip(range(poll.count(" "), -1, -1), poll.split(), strict=True)
        ]
        for poll in states
    ]


@pytest.mark.parametrize(
    ("seen", "ends"),
    [
        (["Shutdown/Complete", "Running/Running Shutdown/Complete", "Shutdown/Complete Shutdown/Complete"], "Complete"),
        (["Shutdown/Failed Shutdown/Complete"], "Failed"),
        (
            ["Ready/Ready Shutdown/Failed Shutdown/Complete", "Shutdown/Complete Shutdown/Failed Shutdown/Complete"],
            "Complete",
        ),
    ],
)
def test_a_run_ends_when_none_of_its_attempts_is_running_or_due(seen: list[str], ends: str) -> None:
    answers = iter(polls(*seen))
    assert wait_for_end({"0"}, lambda: next(answers), lambda: None, interval_s=0).state == ends
    assert list(answers) == []


@pytest.mark.parametrize("source", ["/etc", "../x", "a/../b", "a b", "a;b", ""])
def test_only_a_name_below_the_root_is_accepted(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([source]) == 1
    assert "BATCH_ROOT" in capsys.readouterr().err
