"""Backup of Graylog's settings, users, streams and searches, which are in MongoDB. Log messages are not included."""

import subprocess
import time
from pathlib import Path

from attrai_deploy.docker import STACK, DockerFailedError, docker

DUMP = (
    "mongodump --quiet --archive --gzip --db graylog --authenticationDatabase admin "
    '-u graylog -p "$(cat /run/secrets/mongodb_password)"'
)


def back_up_graylog(folder: Path) -> Path:
    """Writes an archive for `mongorestore --archive --gzip` and returns its path.

    Raises DockerFailedError and then leaves no partial archive.
    """
    containers = docker("ps", "-q", "--filter", f"label=com.docker.swarm.service.name={STACK}_mongodb").split()
    if not containers:
        raise DockerFailedError("MongoDB does not run on this node")
    archive = folder / time.strftime("graylog-%Y%m%d-%H%M%S.archive.gz", time.gmtime())
    partial = archive.with_suffix(".partial")
    with partial.open("xb") as file:
        done = subprocess.run(["docker", "exec", containers[0], "sh", "-c", DUMP], stdout=file, check=False)  # noqa: S603, S607
    if done.returncode:
        partial.unlink()
        raise DockerFailedError(f"mongodump ended with status {done.returncode}")
    return partial.replace(archive)
