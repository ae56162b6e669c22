import os
import subprocess
from pathlib import Path

ENGINE = Path(__file__).with_name("engine.sh")


def test_a_second_engine_does_not_begin_beside_the_first(tmp_path: Path) -> None:
    """Both would make the same bridge; a program `ip` of the test's own says that it is there."""
    said = tmp_path / "ip"
    said.write_text('#!/bin/sh\n[ "$*" = "link show attrai_test_gw" ]\n')
    said.chmod(0o755)
    ended = subprocess.run(
        ["bash", "-c", f"source {ENGINE}; engine_start {tmp_path}/engine; echo began"],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "ip link delete attrai_test_gw" in ended.stdout
    assert "began" not in ended.stdout
