"""`python -m attrai_deploy up|down|scale|logs|refused|backup-graylog`: the commands behind deploy/deploy.mk."""

import argparse
import getpass
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from attrai_deploy import docker
from attrai_deploy.credentials import Credentials, new_credentials
from attrai_deploy.node_check import node_problems, this_node
from attrai_deploy.operations import back_up_graylog, delete_refused, describe_refused, rabbitmq_runner, request_log
from attrai_deploy.stack_text import UnknownServiceError, config_tag, only_service, secrets_of, service_blocks

ROOT = Path(__file__).resolve().parents[2]
HEALTHY_TIMEOUT_S = 300.0
"""Graylog's first start is the slowest."""
REMOVAL_TIMEOUT_S = 180.0
"""RabbitMQ and the estimators may take 60 s each to stop."""
FIRST_ESTIMATORS = 4
"""Estimators of a first deployment without `--estimators`."""
PAGE_PORTS = {"graylog": 9000, "flower": 5555, "grafana": 3000}
HEALTHY_CHECKS = 3
"""Consecutive checks at which every service must be healthy."""
HEALTHY_CHECK_INTERVAL_S = 2.0
REMOVAL_CHECK_INTERVAL_S = 0.5


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status. An error is printed to the standard error as one sentence."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except (docker.DockerFailedError, UnknownServiceError) as error:
        _print(str(error), to_stderr=True)
        return 1


def up(options: argparse.Namespace) -> int:
    """Checks the node, creates missing secrets, deploys, waits until healthy and prints the addresses of the pages."""
    os.environ["CONFIG_TAG"] = config_tag(_config_files())  # for docker stack config
    stack = docker.merge_stack_files([str(ROOT / file) for file in options.file])
    graylog = "replicas: 0" not in service_blocks(stack)["graylog"]
    node = this_node()
    deployed = _deployed_estimators() if options.estimators is None and node.manager else None
    wanted = FIRST_ESTIMATORS if options.estimators is None else options.estimators
    if problems := node_problems(node, estimators=wanted if deployed is None else 0, graylog=graylog):
        _print("\n".join(problems), to_stderr=True)
        return 1
    _create_secrets(secrets_of(stack))
    stack = _with_estimators(stack, wanted if deployed is None else deployed)
    docker.deploy_stack(
        only_service(stack, options.service) if options.service else stack, resolve_image=options.resolve_image
    )
    return _wait_until_healthy(options.service)


def down(options: argparse.Namespace) -> None:
    """Removes the stack and waits until it is gone. Volumes stay; secrets stay without `--secrets`."""
    docker.docker("stack", "rm", docker.STACK)
    if options.secrets:
        docker.remove_secrets(sorted(docker.secret_names()))
    deadline = time.monotonic() + REMOVAL_TIMEOUT_S
    while docker.remaining_objects():  # a deployment before the end of the removal fails
        if time.monotonic() > deadline:
            raise docker.DockerFailedError(
                f"parts of the stack remain after {REMOVAL_TIMEOUT_S:.0f} s: docker ps, docker network ls"
            )
        time.sleep(REMOVAL_CHECK_INTERVAL_S)


def scale(options: argparse.Namespace) -> None:
    """Sets the number of estimators."""
    _print(docker.docker("service", "scale", f"{docker.STACK}_estimator={options.n}").splitlines()[-1])


def logs(options: argparse.Namespace) -> int:
    """Prints every service's log records of one request, oldest first. The status is 1 without any."""
    lines = request_log(options.request)
    for line in lines:
        _print(line)
    if not lines:
        _print(f"this node has no record of a request whose id begins with {options.request}", to_stderr=True)
    return int(not lines)


def refused(options: argparse.Namespace) -> None:
    """Prints the messages that no service could read. With `--empty` it deletes them."""
    run = rabbitmq_runner()
    for part in describe_refused(run):
        _print(part)
    if options.empty:
        delete_refused(run)


def backup(options: argparse.Namespace) -> None:
    """Writes an archive of Graylog's settings into a folder."""
    _print(str(back_up_graylog(Path(options.folder))))


def _deployed_estimators() -> int | None:
    """The number of estimators to keep, which `make scale` may have set. None before the first deployment.

    It is not compared with this node's cores: the estimators may run on several nodes.
    """
    _, wanted = docker.replica_counts("estimator").get("estimator", (0, None))
    return wanted


def _with_estimators(stack: str, count: int) -> str:
    """The merged stack with this number of estimators. Scaling afterwards would restart some of them."""
    block = service_blocks(stack)["estimator"]
    return stack.replace(block, re.sub(r"replicas: \d+", f"replicas: {count}", block))


def _create_secrets(needed: set[str]) -> None:
    """Creates all secrets at once, also those of deploy/stack: both sides of a connection need the same password."""
    existing = docker.secret_names()
    if needed <= existing:
        return
    if existing - {"bot_token"} and needed - existing != {"bot_token"}:
        raise docker.DockerFailedError(
            f"secrets are missing: {', '.join(sorted(needed - existing))}; "
            "make undeploy SECRETS=1 removes the others, then deploy again"
        )
    token = "" if "bot_token" in existing else _ask_token()
    created = new_credentials(token)
    missing = sorted(set(created.secrets) - existing)
    for name in missing:
        docker.create_secret(name, created.secrets[name])
    if len(missing) > 1:
        _print_passwords(created)


def _ask_token() -> str:
    token = os.environ.get("BOT_TOKEN") or getpass.getpass("The bot's token, from @BotFather: ")
    if ":" not in token:
        raise docker.DockerFailedError("a bot's token is NUMBER:TEXT")
    return token.strip()


def _print_passwords(created: Credentials) -> None:
    _print("Write these down; they are stored nowhere:")
    for page, (user, password) in created.pages.items():
        _print(f"  {page}: {user} {password}")


def _wait_until_healthy(service: str | None) -> int:
    deadline, healthy_checks = time.monotonic() + HEALTHY_TIMEOUT_S, 0
    while time.monotonic() < deadline and healthy_checks < HEALTHY_CHECKS:
        counts = docker.replica_counts(service)
        healthy_checks = healthy_checks + 1 if all(have == want for have, want in counts.values()) else 0
        time.sleep(HEALTHY_CHECK_INTERVAL_S)
    for name, (have, want) in docker.replica_counts(service).items():
        _print(f"  {name:16} {have}/{want}")
    if healthy_checks < HEALTHY_CHECKS:
        _print("not every service is healthy: docker stack ps --no-trunc attrai says why", to_stderr=True)
        return 1
    serving = {name for name, (have, _) in docker.replica_counts().items() if have}
    pages = [f"{name.capitalize()}: http://THIS_NODE:{port}/" for name, port in PAGE_PORTS.items() if name in serving]
    _print("   ".join([*pages, "logs of a request: make logs REQUEST=id"]))
    return 0


def _config_files() -> list[Path]:
    return [
        *(ROOT / "deploy").glob("*.sh"),
        *(ROOT / "deploy/rabbitmq").iterdir(),
        *(ROOT / "deploy/redis").iterdir(),
        *(ROOT / "deploy/monitoring").iterdir(),
        ROOT / "graylog/content_pack.json",
    ]


def _print(text: str, *, to_stderr: bool = False) -> None:
    (sys.stderr if to_stderr else sys.stdout).write(text.rstrip("\n") + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="attrai_deploy")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("up", help="deploy, and wait until healthy")
    command.add_argument("--file", action="append", required=True, help="a stack file; repeat it for each further file")
    command.add_argument("--service", help="deploy only this service")
    command.add_argument("--estimators", type=int, help="number of estimators; default: unchanged, 4 at first")
    command.add_argument("--resolve-image", default="never", choices=["always", "changed", "never"])
    command.set_defaults(run=up)
    command = commands.add_parser("down", help="remove the stack; volumes stay")
    command.add_argument("--secrets", action="store_true", help="remove the secrets too")
    command.set_defaults(run=down)
    command = commands.add_parser("scale", help="set the number of estimators")
    command.add_argument("n", type=int)
    command.set_defaults(run=scale)
    command = commands.add_parser("logs", help="print every log record of a request")
    command.add_argument("request", help="a request id, or its first digits as quoted by a user")
    command.set_defaults(run=logs)
    command = commands.add_parser("refused", help="print the messages that no service could read")
    command.add_argument("--empty", action="store_true", help="delete them afterwards")
    command.set_defaults(run=refused)
    command = commands.add_parser("backup-graylog", help="save Graylog's settings and searches as a MongoDB archive")
    command.add_argument("folder")
    command.set_defaults(run=backup)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
