import io
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from attrai_batch.report import RunInfo, summary, write_report
from attrai_batch.report.pictures import histogram, projected, vector_map
from attrai_batch.report.summary import summarize
from attrai_batch.run import RunOptions
from attrai_batch.run_folder import ComputeOptions
from attrai_batch.run_stats import RunStats
from attrai_batch.sources.download import DownloadRules
from attrai_shared.batch_contracts import PhotoFailure
from PIL import Image

from tests.unit.batch.rows import found, missed, table, vector

HOSTILE = '<script>alert(1)</script>"|`x`\n](http://evil)_a_www.b\x1b[2J.jpg'
PHOTOS = [
    found("Ann/1.jpg", 1, 2),
    found("Ann/2.jpg", 3),
    missed("Bo/1.jpg"),
    missed(HOSTILE, "unreadable", "the picture is <b>damaged</b>"),
    found("Cy/1.jpg", 4),
    *(missed(f"Di/{i}.jpg") for i in range(9)),
]


def stats() -> RunStats:
    whole = RunStats(elapsed=2.0, seconds=Counter({"decode": 1.0, "detect": 3.0}))
    whole.add_photos(PHOTOS)
    whole.aligned, whole.aligned_count = np.full((150, 150, 3), 4 * 120, np.int64), 4
    return whole


class Page(HTMLParser):
    """Collects tags, their attributes, and the text of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells and self.tags[-1][0] in ("td", "th"):
            self.cells[-1] += data.strip()


def test_estimators_on_servers_count_by_their_working_time(tmp_path: Path) -> None:
    report = write_report(table(tmp_path, *PHOTOS), stats(), RunInfo("set.zip", workers=None), tmp_path / "report")
    text = report.markdown.read_text()
    assert "| estimators | 2.0 at work, on average |" in text
    assert "| photos a second for each core | 3.5 |" in text


def test_a_urls_key_is_in_no_report() -> None:
    url = "https://me:password@example.org/set.zip?key=secret"
    options = RunOptions(
        url, Path("x.parquet"), ComputeOptions("all", ("score",)), resume=False, workers=None, rules=DownloadRules()
    )
    assert options.printable_source == "https://example.org/set.zip"
    assert replace(options, source="a folder").printable_source == "a folder"


def test_the_report_has_counts_reasons_steps_and_pictures(tmp_path: Path) -> None:
    report = write_report(table(tmp_path, *PHOTOS), stats(), RunInfo("set.zip", workers=2), tmp_path / "report")
    text = report.markdown.read_text()
    for line in (
        "| photos submitted | 14 |",
        "| with a face | 3 |",
        "| faces | 4 |",
        "| failed | 11 (78.57%) |",
        "| photos a second | 7.0 |",
        "| photos a second for each core | 3.5 |",
        "| no_face | 10 | Bo/1.jpg | no face was found on the photo |",
        "| detect | 3.0 | 75% | 214.3 |",
    ):
        assert line in text
    assert text.count("Di/") == 4  # only the examples
    shown = re.findall(r"^!\[.+\]\((.+)\)$", text, flags=re.MULTILINE)
    assert shown == ["average-face.png", "faces.png", "map.png"]
    for name in shown:
        with Image.open(tmp_path / "report" / name) as picture:
            picture.load()
    with Image.open(tmp_path / "report" / "average-face.png") as picture:
        assert (picture.size, picture.getpixel((150, 150))) == ((300, 300), (120, 120, 120))


def test_the_html_loads_nothing_and_no_name_is_markup(tmp_path: Path) -> None:
    report = write_report(table(tmp_path, *PHOTOS), stats(), RunInfo("<i>set</i>", workers=2), tmp_path / "report")
    text = report.html.read_text()
    page = Page(text)
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "i", "b", "a", "link", "iframe"} & set(tags)
    sources = [fields["src"] for tag, fields in page.tags if tag == "img"]
    assert len(sources) == 3
    assert all(source is not None and source.startswith("data:image/png;base64,") for source in sources)
    assert any("<script>alert(1)</script>" in cell and "\\x1b[2J" in cell for cell in page.cells)
    assert "the picture is <b>damaged</b>" in page.cells
    assert "\x1b" not in text


def test_no_name_breaks_out_of_its_cell_in_markdown(tmp_path: Path) -> None:
    report = write_report(table(tmp_path, *PHOTOS), stats(), RunInfo("x", workers=1), tmp_path / "report")
    line = next(line for line in report.markdown.read_text().splitlines() if line.startswith("| unreadable"))
    assert re.sub(r"\\.", "", line).count("|") == 5
    assert not re.search(r"(?<!\\)[<`\[\]]|(?<!\\)://|www\.|[^\\]_a", line)


def test_a_run_without_a_face_has_a_report(tmp_path: Path) -> None:
    photos = [("a.jpg", PhotoFailure(code="no_face", message="none"))]
    whole = RunStats()
    whole.add_photos(photos)
    report = write_report(table(tmp_path, *photos), whole, RunInfo("x", workers=1), tmp_path / "report")
    assert "failed | 1" in report.markdown.read_text()
    empty = write_report(table(tmp_path), RunStats(), RunInfo("x", workers=1), tmp_path / "empty")
    assert "None." in empty.markdown.read_text()


def test_the_same_table_gives_the_same_report(tmp_path: Path) -> None:
    path = table(tmp_path, *PHOTOS)
    one, two = (write_report(path, stats(), RunInfo("x", 1), tmp_path / name) for name in ("one", "two"))
    assert one.html.read_bytes() == two.html.read_bytes()


def test_the_map_has_a_bounded_number_of_vectors_from_the_whole_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "MAX_VECTORS", 10)
    path = table(tmp_path, *(found(f"{i}.jpg", i) for i in range(35)))
    monkeypatch.setattr("attrai_batch.table.ROW_GROUP_ROWS", 7)
    looked = summarize(path)
    assert looked.all_vectors == 35
    assert looked.vectors.tolist() == [vector(i) for i in range(0, 35, 4)]


def test_the_map_is_the_plane_of_the_largest_variance() -> None:
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(128, 128)))[0]
    flat = np.zeros((500, 128))
    flat[:, :3] = np.random.default_rng(1).normal(size=(500, 3)) * (3, 2, 0.1)
    points, shares = projected((flat @ turn).astype(np.float32))
    for i, expected in enumerate((flat[:, 0], flat[:, 1])):
        assert abs(np.corrcoef(points[:, i], expected)[0, 1]) > 0.99
    assert shares[0] > shares[1] > 0.2
    assert sum(shares) > 0.99
    assert vector_map(np.zeros((2, 128), np.float32)) is None
    assert vector_map(np.zeros((5, 128), np.float32)) is not None


def test_a_photo_of_a_crowd_does_not_widen_the_histogram() -> None:
    with (
        Image.open(io.BytesIO(histogram({0: 1, 1: 5, 400: 1}))) as crowd,
        Image.open(io.BytesIO(histogram({1: 1}))) as one,
    ):
        assert crowd.size == one.size
