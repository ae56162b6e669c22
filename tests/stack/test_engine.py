import os
import subprocess
from pathlib import Path

ENGINE = Path(__file__).with_name("engine.sh")


def test_a_second_engine_does_not_start_beside_the_first(tmp_path: Path) -> None:
    """Both would create the same bridge. A fake `ip` reports that it exists."""
    fake_ip = tmp_path / "ip"
    fake_ip.write_text('#!/bin/sh\n[ "$*" = "link show attrai_test_gw" ]\n')
    fake_ip.chmod(0o755)
    ended = subprocess.run(
        ["bash", "-c", f"source {ENGINE}; engine_start {tmp_path}/engine; echo started"],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "ip link delete attrai_test_gw" in ended.stdout
    assert "started" not in ended.stdout
