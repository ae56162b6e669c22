"""What servers answer instead of an archive, or around it."""

import gzip
import hashlib
import io
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from attrai_batch.errors import SourceError
from attrai_batch.progress import DownloadDisplay
from attrai_batch.sources import open_source
from attrai_batch.sources.download import DownloadRules, download
from rich.console import Console

from tests.unit.batch.archives import rows, tar_member, write_tar, write_zip

Answer = tuple[int, dict[str, str], bytes]
PAGES = [
    b"<!DOCTYPE html>\n<html><body>Sign in</body></html>",
    b"\xef\xbb\xbf \r\n<HTML lang=en><p>Virus scan warning</p>",
    b"<?xml version='1.0'?>\n<!-- a comment -->\n<html xmlns='x'></html>",
]


@pytest.fixture
def answers() -> list[Answer]:
    """The answers to come; the last one is given for ever."""
    return []


@pytest.fixture
def url(answers: list[Answer]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/set.zip?key=secret"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def zipped(tmp_path: Path) -> bytes:
    return write_zip(tmp_path / "made.zip", {"a.jpg": os.urandom(3_000)}).read_bytes()


def names(url: str, cache: Path, rules: DownloadRules | None = None) -> list[tuple[str, str]]:
    return rows(list(open_source(url, cache, rules or DownloadRules()).entries()))


@pytest.mark.parametrize("page", PAGES)
def test_a_web_page_is_named_deleted_and_asked_for_again(
    url: str, answers: list[Answer], tmp_path: Path, zipped: bytes, page: bytes
) -> None:
    answers += [(200, {"content-type": "text/html"}, page), (200, {}, zipped)]
    with pytest.raises(SourceError) as refused:
        open_source(url, tmp_path / "download")
    assert str(refused.value).startswith(f"{url.split('?', maxsplit=1)[0]} is a web page (HTML)")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.zip"]
    assert names(url, tmp_path / "download") == [("a.jpg", "")]


def test_a_web_page_under_the_name_of_a_tar_is_no_tar(url: str, answers: list[Answer], tmp_path: Path) -> None:
    answers.append((200, {}, PAGES[0]))
    (tmp_path / "set.tar").write_bytes(PAGES[0])
    for source in (url.replace("zip", "tar"), str(tmp_path / "set.tar")):
        with pytest.raises(SourceError, match=r"set\.tar is a web page"):
            open_source(source, tmp_path / "download.tar")


def test_a_download_that_is_no_archive_is_deleted(url: str, answers: list[Answer], tmp_path: Path) -> None:
    answers.append((200, {}, b"Rar!\x1a\x07" * 100))
    with pytest.raises(SourceError, match=r"set\.zip is neither"):
        open_source(url, tmp_path / "download")
    assert list(tmp_path.iterdir()) == []


def test_a_local_file_that_is_no_archive_is_kept(tmp_path: Path) -> None:
    (tmp_path / "page.zip").write_bytes(PAGES[0])
    with pytest.raises(SourceError, match=r"page\.zip is a web page"):
        open_source(str(tmp_path / "page.zip"), tmp_path / "download")
    assert (tmp_path / "page.zip").exists()


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_a_zip_in_a_content_encoding_is_unpacked(
    url: str, answers: list[Answer], tmp_path: Path, zipped: bytes, encoding: str
) -> None:
    answers.append((200, {"content-encoding": encoding}, gzip.compress(zipped)))
    assert names(url, tmp_path / "one") == [("a.jpg", "")]
    rules = DownloadRules(sha256=hashlib.sha256(zipped).hexdigest())
    assert names(url, tmp_path / "two", rules) == [("a.jpg", "")]
    assert (tmp_path / "two").read_bytes() == zipped


def test_a_packed_tar_that_is_called_encoded_stays_as_it_is(url: str, answers: list[Answer], tmp_path: Path) -> None:
    data = write_tar(tmp_path / "made", tar_member("a.jpg"), packed="gz").read_bytes()
    answers.append((200, {"content-encoding": "gzip"}, data))
    rules = DownloadRules(sha256=hashlib.sha256(data).hexdigest())
    assert names(url, tmp_path / "one", rules) == names(url, tmp_path / "two") == [("a.jpg", "")]
    plain = gzip.decompress(data)
    assert names(url, tmp_path / "three", DownloadRules(sha256=hashlib.sha256(plain).hexdigest())) == [("a.jpg", "")]


def test_an_encoded_zip_that_unpacks_to_too_much_is_refused(
    url: str, answers: list[Answer], tmp_path: Path, zipped: bytes
) -> None:
    answers.append((200, {"content-encoding": "gzip"}, gzip.compress(zipped + bytes(3_000_000))))
    with pytest.raises(SourceError, match="has over 10000 bytes"):
        open_source(url, tmp_path / "download", DownloadRules(most_bytes=10_000))
    assert not (tmp_path / "download").exists()


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd"])
def test_another_encoding_is_refused_by_name(
    url: str, answers: list[Answer], tmp_path: Path, zipped: bytes, encoding: str
) -> None:
    answers.append((200, {"content-encoding": encoding}, zipped))
    with pytest.raises(SourceError, match=f"Content-Encoding {encoding}"):
        download(url, tmp_path / "download", DownloadRules())


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_waited_for(
    url: str, answers: list[Answer], tmp_path: Path, zipped: bytes, status: int
) -> None:
    pauses: list[float] = []
    answers += [(status, {}, b"")] * 8 + [(status, {"retry-after": "120"}, b""), (200, {}, zipped)]
    download(url, tmp_path / "download", DownloadRules(pause=pauses.append))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 120]


def test_a_busy_server_may_name_a_date(url: str, answers: list[Answer], tmp_path: Path, zipped: bytes) -> None:
    pauses: list[float] = []
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    answers += [(429, {"retry-after": date}, b"") for date in (later, "0", "soon")] + [(200, {}, zipped)]
    download(url, tmp_path / "download", DownloadRules(pause=pauses.append))
    assert pauses[0] == pytest.approx(300, abs=10)
    assert pauses[1:] == [1, 4]


def test_a_server_that_asks_to_wait_beyond_the_deadline_is_refused_at_once(
    url: str, answers: list[Answer], tmp_path: Path
) -> None:
    pauses: list[float] = []
    answers.append((429, {"retry-after": "7200"}, b""))
    with pytest.raises(SourceError, match="answers 429 and asks to wait 7200 s"):
        download(url, tmp_path / "download", DownloadRules(seconds=3_600, pause=pauses.append))
    assert pauses == []


def test_a_wait_is_printed(url: str, answers: list[Answer], tmp_path: Path, zipped: bytes) -> None:
    out = io.StringIO()
    display = DownloadDisplay(Console(file=out, force_terminal=False))
    answers += [(429, {"retry-after": "90"}, b""), (200, {}, zipped)]
    rules = DownloadRules(pause=lambda _: None, on_progress=display, on_wait=display.show_wait)
    download(url, tmp_path / "download", rules)
    assert out.getvalue() == "the server answers 429: the next try is in 1 min 30 s\n"
