import platform
import subprocess
import sys

import pytest

KEPT = """
import sys
from pathlib import Path

from attrai_estimator.process import keep_freed_memory


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if sys.argv[1] == "keep":
    keep_freed_memory()
before = resident()
block = bytearray(b"x") * (20 << 20)
del block
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator's settings are glibc's")
def test_freed_memory_stays_with_the_process() -> None:
    kept, given_back = (
        int(subprocess.run([sys.executable, "-c", KEPT, mode], capture_output=True, text=True, check=True).stdout)
        for mode in ("keep", "as it is")
    )
    assert kept > 15 << 20
    assert given_back < 5 << 20
