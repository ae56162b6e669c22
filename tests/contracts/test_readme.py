"""The README says of the settings and the targets what the code says."""

import re
from pathlib import Path

import pytest
from attrai_batch.settings import BatchRunSettings
from attrai_bot.settings import BotSettings
from attrai_estimator.settings import BatchEstimatorSettings, EstimatorSettings
from attrai_shared.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILES = [ROOT / "Makefile", *ROOT.glob("*/*.mk"), *ROOT.glob("tests/stack/*.mk")]


@pytest.mark.parametrize(
    "settings", [Settings, BotSettings, EstimatorSettings, BatchEstimatorSettings, BatchRunSettings]
)
def test_every_setting_is_listed_with_its_meaning(settings: type[Settings]) -> None:
    for name, field in settings.model_fields.items():
        line = next((line for line in README.splitlines() if line.startswith(f"| `{PREFIX}{name.upper()}` |")), "")
        assert field.description is not None
        assert field.description in line, name


def test_no_setting_is_listed_that_does_not_exist() -> None:
    known = {
        f"{PREFIX}{name.upper()}"
        for settings in (BotSettings, EstimatorSettings, BatchEstimatorSettings, BatchRunSettings)
        for name in settings.model_fields
    }
    assert set(re.findall(r"ATTRAI_[A-Z_]+", README)) <= known


def test_every_target_named_exists() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in MAKEFILES)
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", README)) <= targets


def test_every_path_named_exists() -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / link).exists(), link


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = re.findall(r"`(tests/[^`]+)`", (ROOT / "docs/threat-model.md").read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []
