"""`python -m attrai_deploy up | down | scale | logs | refused | backup-graylog`: what the make targets of the same names call."""

import argparse
import getpass
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from attrai_deploy import docker
from attrai_deploy.backup import back_up_graylog
from attrai_deploy.credentials import Credentials, new_credentials
from attrai_deploy.node import faults, this_node
from attrai_deploy.refused import in_rabbitmq, set_aside, take_away
from attrai_deploy.request_log import request_log
from attrai_deploy.stack_text import UnknownServiceError, config_tag, only_service, secrets_of, service_blocks

ROOT = Path(__file__).resolve().parents[2]
HEALTHY_WITHIN = 300.0
"""Seconds that all services may take; Graylog's first start is the slowest."""
GONE_WITHIN = 180.0
"""Seconds that they may take to end; RabbitMQ and the estimators have 60 each."""
ESTIMATORS = 4
"""Those of a first deployment, unless another number is asked for."""
PAGES = {"graylog": 9000, "flower": 5555, "grafana": 3000}
"""Each web page's port."""
SETTLED = 3
"""Looks in a row at which everything must run."""


def main(arguments: Sequence[str]) -> int:
    """The exit status; what went wrong goes to the standard error in one sentence."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except (docker.DockerFailedError, UnknownServiceError) as error:
        _say(str(error), to_error=True)
        return 1


def up(options: argparse.Namespace) -> int:
    """Checks the node, makes missing secrets, deploys, waits, and says what is where."""
    os.environ["CONFIG_TAG"] = config_tag(_config_files())  # docker stack config fills it in
    stack = docker.merged_stack([str(ROOT / file) for file in options.file])
    graylog = "replicas: 0" not in service_blocks(stack)["graylog"]
    node = this_node()
    deployed = _deployed_estimators() if options.estimators is None and node.manager else None
    new = ESTIMATORS if options.estimators is None else options.estimators
    if missing := faults(node, estimators=new if deployed is None else 0, graylog=graylog):
        _say("\n".join(missing), to_error=True)
        return 1
    _make_secrets(secrets_of(stack))
    stack = _with_estimators(stack, new if deployed is None else deployed)
    docker.deploy_stack(
        only_service(stack, options.service) if options.service else stack, resolve_image=options.resolve_image
    )
    return _wait_until_healthy(options.service)


def down(options: argparse.Namespace) -> None:
    """Takes the stack away and waits until it is gone. Volumes and secrets stay, unless the secrets are to go too."""
    docker.docker("stack", "rm", docker.STACK)
    if options.secrets:
        docker.remove_secrets(sorted(docker.secret_names()))
    until = time.monotonic() + GONE_WITHIN
    while docker.remains():  # a stack deployed into what still goes fails
        if time.monotonic() > until:
            raise docker.DockerFailedError(
                f"the stack still goes after {GONE_WITHIN:.0f} s: docker ps, docker network ls"
            )
        time.sleep(0.5)


def scale(options: argparse.Namespace) -> None:
    """So many estimators."""
    _say(docker.docker("service", "scale", f"{docker.STACK}_estimator={options.n}").splitlines()[-1])


def logs(options: argparse.Namespace) -> int:
    """Prints every service's records of one request, oldest first; the status is 1 where there are none."""
    lines = request_log(options.request)
    for line in lines:
        _say(line)
    if not lines:
        _say(f"this node has no record of a request whose id begins with {options.request}", to_error=True)
    return int(not lines)


def refused(options: argparse.Namespace) -> None:
    """Shows what was set aside because no service could read it; then takes it away, if that is wanted."""
    run = in_rabbitmq()
    for part in set_aside(run):
        _say(part)
    if options.empty:
        take_away(run)


def backup(options: argparse.Namespace) -> None:
    """Writes Graylog's settings into a folder."""
    _say(str(back_up_graylog(Path(options.folder))))


def _deployed_estimators() -> int | None:
    """How many there are to be now: that number stays, so that deploying does not undo `make scale`. None without a service.

    It is not held against this node's cores: several nodes may share them.
    """
    _, wanted = docker.running("estimator").get("estimator", (0, None))
    return wanted


def _with_estimators(stack: str, count: int) -> str:
    """The merged stack with so many estimators: scaling them only after the deployment would end some and start them again."""
    block = service_blocks(stack)["estimator"]
    return stack.replace(block, re.sub(r"replicas: \d+", f"replicas: {count}", block))


def _make_secrets(needed: set[str]) -> None:
    """All at once or none, those of files that may be laid over later too: passwords on both sides of a connection must fit."""
    there = docker.secret_names()
    if needed <= there:
        return
    if there - {"bot_token"} and needed - there != {"bot_token"}:
        raise docker.DockerFailedError(
            f"secrets are missing: {', '.join(sorted(needed - there))}; make undeploy SECRETS=1 removes the others, then deploy again"
        )
    token = "" if "bot_token" in there else _ask_token()
    made = new_credentials(token)
    missing = sorted(set(made.secrets) - there)
    for name in missing:
        docker.create_secret(name, made.secrets[name])
    if len(missing) > 1:
        _tell_pages(made)


def _ask_token() -> str:
    token = os.environ.get("BOT_TOKEN") or getpass.getpass("The bot's token, from @BotFather: ")
    if ":" not in token:
        raise docker.DockerFailedError("a bot's token is NUMBER:TEXT")
    return token.strip()


def _tell_pages(made: Credentials) -> None:
    _say("Write these down; they are kept nowhere:")
    for page, (user, password) in made.pages.items():
        _say(f"  {page}: {user} {password}")


def _wait_until_healthy(service: str | None) -> int:
    until, settled = time.monotonic() + HEALTHY_WITHIN, 0
    while time.monotonic() < until and settled < SETTLED:
        counts = docker.running(service)
        settled = settled + 1 if all(have == want for have, want in counts.values()) else 0
        time.sleep(2)
    for name, (have, want) in docker.running(service).items():
        _say(f"  {name:16} {have}/{want}")
    if settled < SETTLED:
        _say("not everything is well: docker stack ps --no-trunc attrai says why", to_error=True)
        return 1
    open_now = {name for name, (have, _) in docker.running().items() if have}
    pages = [f"{name.capitalize()}: http://THIS_NODE:{port}/" for name, port in PAGES.items() if name in open_now]
    _say("   ".join([*pages, "logs of a request: make logs REQUEST=id"]))
    return 0


def _config_files() -> list[Path]:
    return [
        *(ROOT / "deploy").glob("*.sh"),
        *(ROOT / "deploy/rabbitmq").iterdir(),
        *(ROOT / "deploy/redis").iterdir(),
        *(ROOT / "deploy/monitoring").iterdir(),
        ROOT / "graylog/content_pack.json",
    ]


def _say(text: str, *, to_error: bool = False) -> None:
    (sys.stderr if to_error else sys.stdout).write(text.rstrip("\n") + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="attrai_deploy")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("up", help="deploy, and wait until healthy")
    command.add_argument("--file", action="append", required=True, help="a stack file; again for one that overrides it")
    command.add_argument("--service", help="this one alone")
    command.add_argument("--estimators", type=int, help="as many as are deployed, else 4, without it")
    command.add_argument("--resolve-image", default="never", choices=["always", "changed", "never"])
    command.set_defaults(run=up)
    command = commands.add_parser("down", help="take the stack away; volumes stay")
    command.add_argument("--secrets", action="store_true", help="the secrets too")
    command.set_defaults(run=down)
    command = commands.add_parser("scale", help="so many estimators")
    command.add_argument("n", type=int)
    command.set_defaults(run=scale)
    command = commands.add_parser("logs", help="every record of a request")
    command.add_argument("request", help="a request id, or the beginning of one that a user quotes")
    command.set_defaults(run=logs)
    command = commands.add_parser("refused", help="what was set aside because no service could read it")
    command.add_argument("--empty", action="store_true", help="take all of it away then")
    command.set_defaults(run=refused)
    command = commands.add_parser("backup-graylog", help="Graylog's settings and searches, as MongoDB's archive")
    command.add_argument("folder")
    command.set_defaults(run=backup)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
