"""Prints the sections of a benchmark's report, each with the machine's load."""

import os
import platform
import sys

from benchmarks.estimator.machine import describe_processor


def section(title: str, text: str) -> None:
    """Write a section with the load averages of 1, 5 and 15 minutes."""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    sys.stdout.write(f"### {title}\n\n{text}\n\n(load average {load})\n\n")
    sys.stdout.flush()


def machine_section() -> None:
    """Write a section about this machine."""
    section("Machine", f"{describe_processor()}; Python {platform.python_version()}")
