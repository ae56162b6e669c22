import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from attrai_deploy.credentials import new_credentials
from attrai_estimator.settings import EstimatorSettings
from stack_files import ROOT, SET_BY_IMAGE, SETTINGS, Yaml, environment, secrets_of, stack

SERVICES = stack()["services"]
OVERRIDES = ["light", "nfs", "memory", "webhook"]
EXTENSIONS = ["monitoring", "batch"]
"""Files with further services."""
FILES = ["docker-stack.yml", *(f"deploy/stack/{path.name}" for path in ROOT.glob("deploy/stack/*.yml"))]
VARIANTS = [[], *([variant] for variant in OVERRIDES + EXTENSIONS), [*EXTENSIONS, "light", "memory", "webhook", "nfs"]]
"""Files after docker-stack.yml, in order; docs/deploy.md says that deploy/stack/nfs.yml must be the last."""
SECTIONS = ["networks", "volumes", "secrets", "configs"]
EXTERNAL_NETWORKS = {"outside", "pages"}
"""Networks with a default route: to Telegram, and for published ports, which an internal network cannot have."""
GIB = 1024**3


@pytest.mark.parametrize("service", SETTINGS)
def test_every_variable_is_a_setting(service: str) -> None:
    given = {name.removeprefix("ATTRAI_").removesuffix("_FILE").lower() for name in environment(service)}
    assert given <= set(SETTINGS[service].model_fields)


@pytest.mark.parametrize("service", SETTINGS)
def test_every_required_setting_is_given(service: str) -> None:
    given = {name.removeprefix("ATTRAI_").removesuffix("_FILE").lower() for name in environment(service)}
    required = {name for name, field in SETTINGS[service].model_fields.items() if field.is_required()}
    assert required <= given | SET_BY_IMAGE


@pytest.mark.parametrize("service", SERVICES)
def test_every_secret_is_used_and_every_secret_file_is_mounted(service: str) -> None:
    mounted = {one for one in SERVICES[service].get("secrets", []) if isinstance(one, str)}
    text = " ".join(map(str, SERVICES[service].get("environment", {}).values()))
    if service == "redis":
        text += (ROOT / "deploy/redis/redis.conf").read_text()
    assert set(re.findall(r"/run/secrets/(\w+)", text)) == mounted


def test_deploying_creates_every_secret_and_no_other() -> None:
    named = {name: secret for file in FILES for name, secret in stack(file).get("secrets", {}).items()}
    assert set(new_credentials("1:token").secrets) == set(named)
    assert all(secret == {"external": True, "name": f"attrai_{name}"} for name, secret in named.items())


@pytest.mark.parametrize("file", FILES)
def test_every_secret_of_a_file_is_used_in_it(file: str) -> None:
    services = stack(file).get("services", {}).values()
    assert set().union(*map(secrets_of, services)) == set(stack(file).get("secrets", {}))


@pytest.mark.parametrize("file", FILES)
def test_every_config_is_used_and_its_file_exists(file: str) -> None:
    services, configs = stack(file).get("services", {}).values(), stack(file).get("configs", {})
    assert {config["source"] for service in services for config in service.get("configs", [])} == set(configs)
    assert all((ROOT / config["file"]).is_file() for config in configs.values())
    assert all("${CONFIG_TAG" in line for line in (ROOT / file).read_text().splitlines() if " {file: " in line)


def test_only_bot_replier_and_page_services_have_a_default_route_and_only_two_pages_are_published() -> None:
    networks = stack()["networks"]
    assert {name for name, network in networks.items() if not network.get("internal")} == EXTERNAL_NETWORKS
    assert {name for name, service in SERVICES.items() if "outside" in service["networks"]} == {"bot", "replier"}
    assert {name for name, service in SERVICES.items() if "pages" in service["networks"]} == {"graylog", "flower"}
    published = {
        name: [port["published"] for port in service["ports"]]
        for name, service in SERVICES.items()
        if "ports" in service
    }
    assert published == {"graylog": [9000], "flower": [5555]}


def test_the_reservations_fit_the_smallest_machine() -> None:
    reserved = [
        (service["deploy"].get("replicas", 1), service["deploy"]["resources"]["reservations"])
        for service in SERVICES.values()
    ]
    assert sum(replicas * float(of.get("cpus", 0)) for replicas, of in reserved) <= 4
    assert sum(replicas * _bytes(of["memory"]) for replicas, of in reserved) <= 7 * GIB


def test_rabbitmqs_write_ahead_log_stays_far_below_the_watermark_that_blocks_publishers() -> None:
    """Quorum queues keep up to the size of their write-ahead file in memory. RabbitMQ takes about 140 MB without it."""
    lines = (ROOT / "deploy/rabbitmq/rabbitmq.conf").read_text().splitlines()
    settings = dict(line.split(" = ") for line in lines if " = " in line)
    watermark = 1_000_000 * int(settings["vm_memory_high_watermark.absolute"].removesuffix("MB"))
    assert 140_000_000 + 3 * int(settings["raft.wal_max_size_bytes"]) < watermark


def test_each_estimator_has_one_core_and_the_time_to_finish_its_photo() -> None:
    estimator = SERVICES["estimator"]
    resources = estimator["deploy"]["resources"]
    assert (resources["limits"]["cpus"], resources["reservations"]["cpus"]) == ("1", "1")
    assert int(estimator["stop_grace_period"].removesuffix("s")) > EstimatorSettings.model_fields["hard_limit"].default
    assert _bytes(resources["limits"]["memory"]) > EstimatorSettings.model_fields["memory_limit"].default * 1024**2


@pytest.mark.parametrize("service", [*SETTINGS, "rabbitmq", "redis"])
def test_no_service_is_killed_for_a_slow_start(service: str) -> None:
    """On a host with 20 busy programs on two cores the replier started in 75 s and RabbitMQ in more than 90 s."""
    assert int(SERVICES[service]["healthcheck"]["start_period"].removesuffix("s")) >= 120


def test_one_replica_polls_telegram_and_an_update_never_runs_two() -> None:
    deploy = SERVICES["bot"]["deploy"]
    assert (deploy["replicas"], deploy["update_config"]["order"]) == (1, "stop-first")


def test_our_containers_are_locked_down_and_every_image_has_an_exact_tag() -> None:
    assert all(SERVICES[name]["read_only"] and SERVICES[name]["cap_drop"] == ["ALL"] for name in SETTINGS)
    assert all(re.search(r":\d+\.\d+\.\d+", service["image"]) for service in SERVICES.values())


@pytest.mark.parametrize("variant", OVERRIDES)
def test_an_override_names_only_existing_entries(variant: str) -> None:
    override = stack(f"deploy/stack/{variant}.yml")
    overridden = [stack(), *(stack(f"deploy/stack/{name}.yml") for name in EXTENSIONS)]
    assert set(override.get("services", {})) <= set(SERVICES)
    for section in ("networks", "volumes"):
        assert set(override.get(section, {})) <= {name for file in overridden for name in file.get(section, {})}


@pytest.mark.parametrize("variant", VARIANTS, ids="+".join)
def test_a_later_file_opens_no_network(variant: list[str]) -> None:
    """Docker replaces a network by the last file's entry as a whole: what that entry does not repeat is lost."""
    networks = _merged(variant)["networks"]
    assert {name for name, network in networks.items() if not network.get("internal")} == EXTERNAL_NETWORKS
    encrypted = {name for name, network in networks.items() if network.get("driver_opts") == {"encrypted": "true"}}
    assert encrypted == (set(networks) - EXTERNAL_NETWORKS if "nfs" in variant else set())


@pytest.mark.parametrize("variant", VARIANTS, ids="+".join)
def test_docker_accepts_the_files_and_merges_them_as_the_tests_do(variant: list[str]) -> None:
    if shutil.which("docker") is None:
        pytest.skip("the docker client is not installed")
    options = [option for file in _files(variant) for option in ("-c", str(ROOT / file))]
    given = {"PATH": "/usr/local/bin:/usr/bin:/bin", "NFS_SERVER": "10.0.0.5", "NFS_PATH": "/photos"}
    given["WEBHOOK_URL"] = "https://bot.example.org/telegram"
    merged = _docker_config(*options, given=given)
    assert _docker_config("-c", "-", given=given, text=merged) == merged, "make deploy gives Docker its own merged file"
    by_docker, by_test = yaml.safe_load(merged), _merged(variant)
    files = [Path(config["file"]) for config in by_docker["configs"].values()]
    assert all(file.is_file() for file in files), "paths count from the first file's folder, which is the root"
    assert by_docker["networks"] == by_test["networks"]
    for section in SECTIONS:
        assert {name: set(entry) for name, entry in by_docker[section].items()} == {
            name: set(entry or {}) for name, entry in by_test[section].items()
        }


def _files(variant: list[str]) -> list[str]:
    return ["docker-stack.yml", *(f"deploy/stack/{name}.yml" for name in variant)]


def _merged(variant: list[str]) -> Yaml:
    """The sections other than services as Docker merges them: a later entry replaces an earlier one as a whole."""
    files = [stack(file) for file in _files(variant)]
    return {
        section: {name: file[section][name] for file in files for name in file.get(section, {})} for section in SECTIONS
    }


def _docker_config(*options: str, given: dict[str, str], text: str = "") -> str:
    done = subprocess.run(
        ["docker", "stack", "config", *options], env=given, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _bytes(text: str) -> int:
    return int(float(text[:-1]) * {"M": 1024**2, "G": GIB}[text[-1]])
