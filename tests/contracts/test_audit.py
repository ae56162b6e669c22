"""tests/audit.sh with the real pip-audit, and an advisory service of the test's own in the place of OSV's."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "audit.sh"
REQUIREMENT = f"celery==5.0.0 --hash=sha256:{'0' * 64}\n"
ADVISORY = {"id": "GHSA-test", "affected": [{"package": {"name": "celery", "ecosystem": "PyPI"}}]}


class Advisories(BaseHTTPRequestHandler):
    """Knows one vulnerable version of one package (https://google.github.io/osv.dev/post-v1-query/)."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = asked["package"]["name"] == "celery" and asked["version"] == "5.0.0"
        answer = json.dumps({"vulns": [ADVISORY]} if known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Says nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def audit(
    folder: Path, service: str, requirement: str, exceptions: str = "# none\n"
) -> "subprocess.CompletedProcess[str]":
    (folder / "requirements.txt").write_text(requirement)
    (folder / "exceptions").write_text(exceptions)
    command = [str(SCRIPT), "-s", "osv", "--osv-url", service, "--", str(folder / "requirements.txt")]
    given = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "EXCEPTIONS": str(folder / "exceptions")}
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


def test_a_known_vulnerability_is_named_and_fails(tmp_path: Path, service: str) -> None:
    done = audit(tmp_path, service, REQUIREMENT)
    assert done.returncode == 1
    assert "GHSA-test" in done.stdout


def test_without_one_it_passes(tmp_path: Path, service: str) -> None:
    done = audit(tmp_path, service, REQUIREMENT.replace("5.0.0", "5.7.0"))
    assert (done.returncode, done.stdout) == (0, "No known vulnerabilities found\n")


def test_an_exception_with_a_reason_passes(tmp_path: Path, service: str) -> None:
    assert audit(tmp_path, service, REQUIREMENT, "GHSA-test we never call it\n").returncode == 0


def test_an_exception_without_a_reason_does_not(tmp_path: Path, service: str) -> None:
    done = audit(tmp_path, service, REQUIREMENT, "GHSA-test\n")
    assert (done.returncode, "GHSA-test has no reason" in done.stderr) == (2, True)


def test_a_service_that_is_away_is_no_clean_audit(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        done = audit(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}/", REQUIREMENT)
    assert done.returncode == 2
    assert "no audit" in done.stderr


def test_every_requirements_file_is_audited() -> None:
    makefile = (SCRIPT.parents[1] / "requirements/requirements.mk").read_text()
    (line,) = [line for line in makefile.splitlines() if "./tests/audit.sh" in line]
    assert line.endswith(" -- requirements/*.txt")
