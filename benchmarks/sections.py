"""What the benchmarks of queue and data sets print: sections, each with the load that it met."""

import os
import platform
import sys

from benchmarks.estimator.machine import described


def section(title: str, text: str) -> None:
    """Writes one, with the load average of the last 1, 5 and 15 minutes."""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    sys.stdout.write(f"### {title}\n\n{text}\n\n(load average {load})\n\n")
    sys.stdout.flush()


def machine_section() -> None:
    """What this runs on."""
    section("Machine", f"{described()}; Python {platform.python_version()}")
