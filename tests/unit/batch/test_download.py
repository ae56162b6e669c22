import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from attrai_batch.errors import SourceError
from attrai_batch.sources import open_source
from attrai_batch.sources.download import DownloadRules, download, redacted_url
from attrai_batch.sources.entries import MemberEntry

from tests.unit.batch.archives import write_zip

DATA = os.urandom(3_000_000)


@dataclass
class Script:
    """What the server does. Each entry of `break_at` breaks one connection before that byte of the file."""

    data: bytes = DATA
    etag: str | None = '"one"'
    ranges: bool = True
    break_at: list[int] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    move: Callable[[str], str | None] = lambda _: None
    asked: list[str | None] = field(default_factory=list)


class OneRequest(BaseHTTPRequestHandler):
    """Answers one request on each connection and does not announce it: a second request meets a closed connection."""

    protocol_version = "HTTP/1.1"
    broken = False

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client may disconnect at any time
            self.handle_one_request()
            if not self.broken:
                self.rfile.readline()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def url(script: Script) -> Iterator[str]:
    class Handler(OneRequest):
        def do_GET(self) -> None:
            script.asked.append(self.headers["range"])
            if script.status:
                self.answer(script.status.pop(0), b"")
            elif to := script.move(self.path):
                self.send_response(302)
                self.send_header("location", to)
                self.send_header("content-length", "0")
                self.end_headers()
            else:
                self.send_file()

        def send_file(self) -> None:
            wanted = self.headers["range"]
            same = self.headers["if-range"] == script.etag
            start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted and script.ranges and same else 0
            end = script.break_at.pop(0) if script.break_at else len(script.data)
            self.answer(206 if start else 200, script.data[start:], start, max(end - start, 0))

        def answer(self, status: int, body: bytes, start: int = 0, sent: int = 0) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if script.etag:
                self.send_header("etag", script.etag)
            if status == 206:
                self.send_header("content-range", f"bytes {start}-{start + len(body) - 1}/{len(script.data)}")
            self.end_headers()
            self.wfile.write(body[:sent])
            self.broken = sent < len(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/set.zip?key=secret"
    server.shutdown()
    thread.join()
    server.server_close()


def quick(**rules: object) -> DownloadRules:
    return DownloadRules(pause=lambda _: None, **rules)  # type: ignore[arg-type]


def test_a_file_is_downloaded_once(url: str, script: Script, tmp_path: Path) -> None:
    first = download(url, tmp_path / "set", quick())
    assert first.path.read_bytes() == DATA
    assert first.sha256 == hashlib.sha256(DATA).hexdigest()
    assert download(url, tmp_path / "set", quick()) == first
    assert script.asked == [None]
    assert "secret" not in (tmp_path / "set.json").read_text()


def test_a_broken_download_resumes_where_it_broke(url: str, script: Script, tmp_path: Path) -> None:
    script.break_at = [1_000_000, 2_000_000]
    assert download(url, tmp_path / "set", quick()).path.read_bytes() == DATA
    assert script.asked == [None, "bytes=1000000-", "bytes=2000000-"]


def test_a_later_call_resumes_the_part_of_an_earlier_one(url: str, script: Script, tmp_path: Path) -> None:
    script.break_at = [1_000_000] * 6
    with pytest.raises(SourceError, match="cannot be downloaded"):
        download(url, tmp_path / "set", quick())
    assert download(url, tmp_path / "set", quick()).path.read_bytes() == DATA
    assert script.asked[-1] == "bytes=1000000-"


def test_a_break_after_new_bytes_counts_as_the_first_of_five_tries(url: str, script: Script, tmp_path: Path) -> None:
    pauses: list[float] = []
    script.break_at = [1_000_000] * 6
    with pytest.raises(SourceError, match="cannot be downloaded"):
        download(url, tmp_path / "set", DownloadRules(pause=pauses.append))
    assert len(script.asked) == 5
    assert pauses == [0.5, 1.0, 2.0, 4.0]


def test_a_file_that_has_changed_is_downloaded_from_its_beginning(url: str, script: Script, tmp_path: Path) -> None:
    script.break_at = [1_000_000] * 6
    with pytest.raises(SourceError):
        download(url, tmp_path / "set", quick())
    script.data, script.etag, script.break_at = os.urandom(2_000_000), '"two"', []
    assert download(url, tmp_path / "set", quick()).path.read_bytes() == script.data


@pytest.mark.parametrize("etag", [None, 'W/"weak"', '"one"'])
def test_without_ranges_or_a_strong_validator_the_whole_file_is_downloaded_again(
    url: str, script: Script, tmp_path: Path, etag: str | None
) -> None:
    script.break_at, script.etag, script.ranges = [1_000_000], etag, False
    assert download(url, tmp_path / "set", quick()).path.read_bytes() == DATA


def test_progress_is_reported(url: str, tmp_path: Path) -> None:
    reported: list[tuple[int, int | None]] = []
    download(url, tmp_path / "set", quick(on_progress=lambda *progress: reported.append(progress)))
    assert reported[-1] == (len(DATA), len(DATA))
    assert [received for received, _ in reported] == sorted(received for received, _ in reported)


def test_another_url_is_another_file(url: str, script: Script, tmp_path: Path) -> None:
    download(url, tmp_path / "set", quick())
    script.data = b"other"
    assert download(url + "2", tmp_path / "set", quick()).path.read_bytes() == b"other"


def test_a_file_with_another_checksum_is_refused(url: str, tmp_path: Path) -> None:
    good = quick(sha256=hashlib.sha256(DATA).hexdigest().upper())
    with pytest.raises(SourceError, match="64 hexadecimal digits"):
        download(url, tmp_path / "set", quick(sha256="0" * 63))
    with pytest.raises(SourceError, match="is not the file that was expected"):
        download(url, tmp_path / "set", quick(sha256="0" * 64))
    assert not (tmp_path / "set").exists()
    assert not (tmp_path / "set.part").exists()
    assert download(url, tmp_path / "set", good).path.read_bytes() == DATA
    assert download(url, tmp_path / "set", good).sha256 == hashlib.sha256(DATA).hexdigest()
    with pytest.raises(SourceError, match="expected"):
        download(url, tmp_path / "set", quick(sha256="0" * 64))


def test_a_file_over_the_limit_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has over 1000 bytes"):
        download(url, tmp_path / "set", quick(most_bytes=1_000))
    assert not (tmp_path / "set.part").exists() or (tmp_path / "set.part").stat().st_size <= 1_000


def test_a_disk_without_space_is_an_error_before_it_is_full(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1_000})())
    with pytest.raises(SourceError, match="has no room for it"):
        download(url, tmp_path / "set", quick())


def test_the_deadline_covers_all_tries_together(url: str, script: Script, tmp_path: Path) -> None:
    now = iter(range(0, 10_000, 10))
    script.break_at = [100_000 * i for i in range(1, 30)]
    with pytest.raises(SourceError, match="was not downloaded within 100 s; run it again to go on"):
        download(url, tmp_path / "set", quick(seconds=100.0, clock=lambda: float(next(now))))
    assert 0 < (tmp_path / "set.part").stat().st_size < len(DATA)


def test_a_server_error_is_retried_five_times(url: str, script: Script, tmp_path: Path) -> None:
    script.status = [502, 500]
    assert download(url, tmp_path / "set", quick()).path.read_bytes() == DATA
    script.status = [500] * 9
    with pytest.raises(SourceError, match="the server answers 500"):
        download(url + "2", tmp_path / "set", quick())
    assert len(script.status) == 4


def test_a_client_error_is_not_retried_and_its_sentence_has_no_key(url: str, script: Script, tmp_path: Path) -> None:
    script.status = [404]
    with pytest.raises(SourceError) as raised:
        download(url, tmp_path / "set", quick())
    assert str(raised.value) == f"{url.split('?', maxsplit=1)[0]} cannot be downloaded: the server answers 404"


def test_a_bounded_number_of_redirects_is_followed(url: str, script: Script, tmp_path: Path) -> None:
    script.move = lambda path: "/elsewhere" if path.startswith("/set.zip") else None
    assert download(url, tmp_path / "set", quick()).path.read_bytes() == DATA
    script.move = lambda path: path + "x"
    with pytest.raises(SourceError, match=r"[Rr]edirects"):
        download(url + "2", tmp_path / "set", quick())
    script.move = lambda _: "ftp://127.0.0.1/x"
    with pytest.raises(SourceError, match="cannot be downloaded"):
        download(url + "3", tmp_path / "set", quick())


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("http://127.0.0.1:1/x.zip", "cannot be downloaded"),
        ("http://", "cannot be downloaded"),
        ("http://[::1/x.zip", "cannot be downloaded"),
        ("ftp://127.0.0.1/x.zip", "no scheme that can be downloaded"),
        ("file:///etc/passwd", "no scheme that can be downloaded"),
        ("nowhere.zip", "cannot be opened"),
    ],
)
def test_a_source_that_cannot_be_opened_is_an_error_with_a_sentence(tmp_path: Path, source: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        open_source(source, tmp_path / "cache", quick())


def test_a_checksum_for_a_local_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="a checksum is for a URL"):
        open_source(str(tmp_path), tmp_path / "cache", quick(sha256="0" * 64))


def test_a_url_is_a_source_with_the_fingerprint_of_its_content(url: str, script: Script, tmp_path: Path) -> None:
    script.data = write_zip(tmp_path / "x.zip", {"a.jpg": b"x"}).read_bytes()
    source = open_source(url, tmp_path / "one", quick())
    assert list(source.entries()) == [MemberEntry("a.jpg", b"x")]
    assert source.fingerprint == open_source(url, tmp_path / "two", quick()).fingerprint
    assert source.folder is None
    script.data = b"no archive"
    with pytest.raises(SourceError, match="is neither a folder nor a tar"):
        open_source(url + "2", tmp_path / "three", quick())


def test_passwords_and_keys_are_not_printed() -> None:
    assert redacted_url("https://me:password@example.org:8443/a/b.zip?key=x#y") == "https://example.org:8443/a/b.zip"
