"""The pages name what exists, say what the code says, and are wrapped."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from attrai_batch.settings import BatchRunSettings
from attrai_bot.settings import BotSettings
from attrai_estimator.settings import BatchEstimatorSettings, EstimatorSettings
from attrai_shared.settings import PREFIX

from docs import check_pages, make_settings

ROOT = Path(__file__).parents[2]
PAGES = check_pages.pages(ROOT)


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_every_path_named_exists(page: Path) -> None:
    assert check_pages.missing_paths(ROOT, page) == []


def test_every_target_named_exists(page: Path) -> None:
    assert check_pages.unknown_targets(ROOT, page) == set()


def test_lines_are_wrapped(page: Path) -> None:
    assert check_pages.long_lines(page) == []


def test_the_settings_page_is_what_the_code_says() -> None:
    assert make_settings.PAGE.read_text(encoding="utf-8") == make_settings.settings_page(), "make docs"


def test_every_setting_has_one_row_with_its_meaning() -> None:
    rows = re.findall(rf"^\| `{PREFIX}(\w+)` \| .+ \| (.+) \|$", make_settings.settings_page(), flags=re.MULTILINE)
    classes = (BotSettings, EstimatorSettings, BatchEstimatorSettings, BatchRunSettings)
    meanings = {name.upper(): field.description for cls in classes for name, field in cls.model_fields.items()}
    listed = [name for name, _ in rows[: len(meanings)]]
    assert sorted(listed) == sorted(meanings)
    assert {name: meaning for name, meaning in rows if name in meanings and meaning == meanings[name]} == meanings


def test_no_page_names_a_setting_that_does_not_exist(page: Path) -> None:
    known = set(re.findall(rf"{PREFIX}[A-Z_]+", make_settings.settings_page()))
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", page.read_text(encoding="utf-8"))) <= known


def test_the_architecture_names_every_package_and_every_import_contract() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    text = " ".join((ROOT / "docs/architecture.md").read_text(encoding="utf-8").split())
    named = [*linter["root_packages"], *(contract["name"] for contract in linter["contracts"])]
    assert [name for name in named if name not in text] == []


def test_every_page_that_code_names_exists() -> None:
    code = ["*.py", "*.mk", "*.yml", "*.sh", "*.toml", "Makefile", "*Dockerfile"]
    listed = ["git", "-C", str(ROOT), "grep", "-hoE", r"docs/[a-z/_-]+\.md", "--", *code, ":!tests/contracts"]
    named = set(subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split())
    assert "docs/deploy.md" in named
    assert [page for page in sorted(named) if not (ROOT / page).is_file()] == []


def test_the_index_names_every_decision() -> None:
    folder = ROOT / "docs/decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [file.name for file in folder.glob("[!R]*.md") if f"({file.name})" not in index] == []


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = re.findall(r"`(tests/[^`]+)`", (ROOT / "docs/threat-model.md").read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("see [this](gone.md)", "gone.md"),
        ("see [this](page.md)", None),
        ("see `docs/gone.py`", "docs/gone.py"),
        ("see `docs/page.md`", None),
        ("see `out/reply.jpg`", None),
        ("see `walk/step.py` and `step.py`", None),
        ("see `walk/gone.py`", "walk/gone.py"),
        ("`application/json` is no path", None),
        ("```\nsee `docs/gone.py`\n```", None),
        ("[web](https://example.org/gone.md)", None),
    ],
)
def test_a_path_that_leads_nowhere_is_found(tmp_path: Path, line: str, fault: str | None) -> None:
    page = _page(tmp_path, line)
    assert check_pages.missing_paths(tmp_path, page) == ([] if fault is None else [fault])


def test_a_target_that_make_does_not_know_is_found(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("test:  ## tests\nlint format: test\n\t@true\nRUN := x\n")
    page = _page(tmp_path, "`make test`, `make format`, `make gone` and make do")
    assert check_pages.unknown_targets(tmp_path, page) == {"gone"}


def test_a_long_line_is_found_but_in_tables_code_and_links(tmp_path: Path) -> None:
    long = "word " * 30
    page = _page(tmp_path, f"short\n{long}\n| {long} |\n```\n{long}\n```\nsee [{long}](page.md)\n{long}")
    assert [line.partition(":")[0] for line in check_pages.long_lines(page)] == ["2", "8"]


def _page(root: Path, text: str) -> Path:
    (root / "docs/walk").mkdir(parents=True)
    (root / "docs/walk/step.py").touch()
    page = root / "docs/page.md"
    page.write_text(text)
    return page
