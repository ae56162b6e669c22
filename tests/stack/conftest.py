"""Tests of what deploys the stack; the scripts lie outside the product's packages."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "deploy/flower"), str(ROOT / "graylog"), str(ROOT / "tests/stack")]
