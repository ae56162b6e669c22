import re

import pytest
from stack_files import ROOT

SERVICES = ["bot/Dockerfile", "estimator/Dockerfile", "batch/Dockerfile", "deploy/flower/Dockerfile"]


def test_records_name_the_version_that_the_image_was_built_as() -> None:
    """The argument must be named in the stage that uses it: before a FROM it would be empty here."""
    base = (ROOT / "deploy/base.Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert re.search(r"^ARG VERSION=\S+$", base, re.MULTILINE)
    assert re.search(r"^ENV .*\bATTRAI_VERSION=\$\{VERSION\}(\s|$)", base, re.MULTILINE)


@pytest.mark.parametrize("dockerfile", SERVICES)
def test_a_service_starts_from_the_base_image_of_its_own_version(dockerfile: str) -> None:
    text = (ROOT / dockerfile).read_text()
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["attrai/build:${VERSION}", "attrai/base:${VERSION}"]
    assert re.search(r"^ARG VERSION=\S+$", text.partition("\nFROM ")[0], re.MULTILINE)
