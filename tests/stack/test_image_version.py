import re

import pytest
from stack_files import ROOT

DOCKERFILES = ["bot/Dockerfile", "estimator/Dockerfile", "batch/Dockerfile", "deploy/flower/Dockerfile"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_records_name_the_version_that_the_image_was_built_as(dockerfile: str) -> None:
    """The argument must be named in the stage that uses it: before a FROM it would be empty here."""
    stage = (ROOT / dockerfile).read_text().rpartition("\nFROM ")[2]
    assert re.search(r"^ARG VERSION=\S+$", stage, re.MULTILINE)
    assert re.search(r"^ENV .*\bATTRAI_VERSION=\$\{VERSION\}(\s|$)", stage, re.MULTILINE)
