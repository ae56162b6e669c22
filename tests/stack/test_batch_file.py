"""What the stack does with data sets: rights and mounts in its file, and the command that runs one."""

import re

import pytest
import yaml
from attrai_batch.settings import BatchRunSettings
from attrai_deploy.batch import Attempt, follow, main
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
def test_a_data_set_is_mounted_for_reading_alone(service: str) -> None:
    [data] = [volume for volume in SERVICES[service]["volumes"] if volume["target"] == "/data"]
    assert data["read_only"] is True
    writable = {volume["target"] for volume in SERVICES[service]["volumes"] if not volume.get("read_only")}
    assert writable <= {"/spool", "/tmp", "/run/attrai", "/out"}  # noqa: S108  # inside the container


@pytest.mark.parametrize("service", SERVICES)
def test_neither_has_peoples_photos_or_redis_or_a_way_out(service: str) -> None:
    assert secrets_of(SERVICES[service]) == {f"{service}_broker_url"}
    assert set(SERVICES[service]["networks"]) == {"broker", "logs"}
    assert "photos" not in yaml.safe_dump(SERVICES[service])


def test_nothing_runs_until_it_is_asked_for_and_a_run_that_ends_well_is_not_begun_again() -> None:
    assert {service["deploy"]["replicas"] for service in SERVICES.values()} == {0}
    assert SERVICES["batch"]["deploy"]["restart_policy"]["condition"] == "on-failure"


def test_people_come_first() -> None:
    assert SERVICES["batch_estimator"]["environment"]["ATTRAI_BATCH_IDLE"] == "true"
    assert "cpus" not in SERVICES["batch_estimator"]["deploy"]["resources"]["reservations"]


def test_the_images_are_those_that_are_built() -> None:
    built = re.search(r"^IMAGES := (.*)$", (ROOT / "deploy/deploy.mk").read_text(), re.MULTILINE)
    assert built is not None
    assert {service["image"].partition("/")[2].partition(":")[0] for service in SERVICES.values()} <= set(
        built[1].split()
    )


def looks(*states: str) -> list[list[Attempt]]:
    """What Swarm says at each look: "wanted/state" of each attempt, the newest first; they are numbered from the oldest on."""
    return [
        [
            Attempt(str(at), *one.split("/"), "")
            for at, one in zip(range(look.count(" "), -1, -1), look.split(), strict=True)
        ]
        for look in states
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
def test_a_run_is_over_when_no_attempt_of_it_is_to_run_any_more(seen: list[str], ends: str) -> None:
    said = iter(looks(*seen))
    assert follow({"0"}, lambda: next(said), lambda: None, pause=0).state == ends
    assert list(said) == []


@pytest.mark.parametrize("source", ["/etc", "../x", "a/../b", "a b", "a;b", ""])
def test_only_a_name_below_the_root_is_taken(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([source]) == 1
    assert "BATCH_ROOT" in capsys.readouterr().err
