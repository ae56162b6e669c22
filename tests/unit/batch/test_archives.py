import lzma
import os
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from attrai_batch.errors import SourceError
from attrai_batch.sources.archive import ArchiveSource
from attrai_batch.sources.entries import RefusedEntry
from attrai_batch.sources.rules import DEFAULT_SOURCE_LIMITS, SourceLimits
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.batch.archives import contents, read, tar_member, write_tar, write_zip

PHOTOS = {"b/2.jpg": b"second", "a.png": os.urandom(40_000), "empty.webp": b""}
SKIPPED = {"notes.txt": b"x", ".hidden.jpg": b"x", "__MACOSX/._a.jpg": b"x"}
SMALL = SourceLimits(photo=100_000, ratio=20, slack=1 << 20, header=1 << 16)


@pytest.mark.parametrize("packed", ["", "gz", "bz2", "xz"])
def test_photos_of_a_tar_come_in_the_order_of_the_tar(tmp_path: Path, packed: str) -> None:
    members = [tar_member(name, data) for name, data in {**PHOTOS, **SKIPPED}.items()]
    path = write_tar(tmp_path / "without-a-suffix", tar_member("b", kind=tarfile.DIRTYPE), *members, packed=packed)
    assert list(contents(path).items()) == list(PHOTOS.items())
    assert read(path) == [(name, "") for name in PHOTOS]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_photos_of_a_zip_come_in_the_order_of_its_directory(tmp_path: Path, method: int) -> None:
    path = write_zip(tmp_path / "without-a-suffix", {"b/": b"", **PHOTOS, **SKIPPED}, method)
    assert list(contents(path).items()) == list(PHOTOS.items())


def test_several_xz_streams_with_padding_are_one_tar(tmp_path: Path) -> None:
    plain = write_tar(tmp_path / "plain.tar", tar_member("a.jpg", os.urandom(200_000))).read_bytes()
    half = len(plain) // 2
    path = tmp_path / "two.tar.xz"
    path.write_bytes(lzma.compress(plain[:half]) + b"\0" * 8 + lzma.compress(plain[half:]))
    assert read(path) == [("a.jpg", "")]


def test_names_are_normalized(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", tar_member("./a//b.jpg"), tar_member("./c.jpg"), tar_member("a/b.jpg"))
    assert read(path) == [("a/b.jpg", ""), ("c.jpg", ""), ("a/b.jpg", "name_taken")]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/etc/photo.jpg", None),
        ("../up.jpg", None),
        ("a/../../up.jpg", None),
        ("../../root/.ssh/authorized_keys", None),
        ("..\\up.jpg", None),
        ("C:\\photo.jpg", None),
        ("x" * 5_000 + ".jpg", "x" * 4_096),
        ("\udcff.jpg", "\\udcff.jpg"),
    ],
)
def test_unsafe_names_are_refused_by_name(tmp_path: Path, name: str, shown: str | None) -> None:
    path = write_tar(tmp_path / "a.tar", tar_member("a.jpg"), tar_member(name), tar_member("z.jpg"))
    assert read(path) == [("a.jpg", ""), (shown or name, "unsafe_name"), ("z.jpg", "")]
    if "\udcff" not in name:
        zipped = write_zip(tmp_path / "a.zip", {"a.jpg": b"x", name: b"x", "z.jpg": b"x"})
        assert read(zipped) == [(refused.replace("\\", "/"), code) for refused, code in read(path)]


def test_links_and_devices_of_a_tar_are_refused_by_name(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "a.tar",
        tar_member("soft.jpg", kind=tarfile.SYMTYPE, link="/etc/passwd"),
        tar_member("hard.jpg", kind=tarfile.LNKTYPE, link="../../secret.jpg"),
        tar_member("null", kind=tarfile.CHRTYPE),
        tar_member("disk.jpg", kind=tarfile.BLKTYPE),
        tar_member("pipe.jpg", kind=tarfile.FIFOTYPE),
        tar_member("a.jpg"),
    )
    codes = [code for _, code in read(path)]
    assert codes == ["unsafe_link", "unsafe_link", "special_file", "special_file", "special_file", ""]


def test_links_and_devices_of_a_zip_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, mode in (
            ("soft.jpg", stat.S_IFLNK),
            ("null", stat.S_IFCHR),
            ("a.jpg", stat.S_IFREG),
            ("d", stat.S_IFDIR),
        ):
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode | 0o600) << 16
            archive.writestr(info, "x")
    assert read(path) == [("soft.jpg", "unsafe_link"), ("null", "special_file"), ("a.jpg", "")]


def test_an_encrypted_member_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    data = bytearray(write_zip(tmp_path / "a.zip", {"a.jpg": b"x", "b.jpg": b"x"}).read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert read(tmp_path / "a.zip") == [("a.jpg", "encrypted"), ("b.jpg", "")]


def test_an_unknown_compression_is_refused_by_name(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.jpg": b"x"}, zipfile.ZIP_LZMA)
    assert read(path) == [("a.jpg", "unreadable")]


def test_a_photo_over_the_limit_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    large = {"a.jpg": b"x", "large.jpg": os.urandom(100_001), "z.jpg": b"x"}
    expected = [("a.jpg", ""), ("large.jpg", "too_many_bytes"), ("z.jpg", "")]
    assert read(write_tar(tmp_path / "a.tar", *(tar_member(*item) for item in large.items())), SMALL) == expected
    assert read(write_zip(tmp_path / "a.zip", large), SMALL) == expected


def test_a_zip_member_with_a_false_size_is_unpacked_only_to_that_size(tmp_path: Path) -> None:
    data = bytearray(write_zip(tmp_path / "a.zip", {"a.jpg": b"\0" * 1_000_000}, zipfile.ZIP_DEFLATED).read_bytes())
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<L", 10)
    (tmp_path / "a.zip").write_bytes(data)
    assert read(tmp_path / "a.zip") == [("a.jpg", "unreadable")]


def test_a_zip_member_with_a_high_ratio_is_a_bomb(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.jpg": b"\0" * 5_000_000, "b.jpg": b"x"}, zipfile.ZIP_DEFLATED)
    assert read(path, SourceLimits(ratio=100)) == [("a.jpg", "compression_bomb"), ("b.jpg", "")]


def test_a_zip_whose_members_share_their_bytes_is_a_bomb(tmp_path: Path) -> None:
    """As in Fifield 2019, each record of the directory leads to the same member."""
    data = bytearray(write_zip(tmp_path / "a.zip", {"000.jpg": os.urandom(90_000)}).read_bytes())
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    record = bytes(data[start:end])
    copies = b"".join(record.replace(b"000.jpg", f"{i:03d}.jpg".encode()) for i in range(200))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 200, 200, len(copies), start, 0)
    (tmp_path / "a.zip").write_bytes(bytes(data[:start]) + copies + tail)
    found = read(tmp_path / "a.zip", SMALL)
    assert found[-1] == ("a.zip", "compression_bomb")
    assert 20 < len(found) < 60


@pytest.mark.parametrize("packed", ["gz", "bz2", "xz"])
def test_a_tar_with_a_high_ratio_is_a_bomb_even_in_a_file_that_is_skipped(tmp_path: Path, packed: str) -> None:
    members = [tar_member("a.jpg"), tar_member("zeros.bin", b"\0" * 20_000_000), tar_member("b.jpg")]
    path = write_tar(tmp_path / "a.tar", *members, packed=packed)
    assert read(path, SMALL) == [("a.jpg", ""), ("a.tar", "compression_bomb")]


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_too_many_members_end_an_archive(tmp_path: Path, kind: str) -> None:
    members = {f"{i}.txt": b"" for i in range(4)} | {"a.jpg": b"x"}
    path = tmp_path / "many"
    if kind == "tar":
        write_tar(path, *(tar_member(*item) for item in members.items()))
    else:
        write_zip(path, members)
    assert read(path, SourceLimits(members=5)) == [("a.jpg", "")]
    assert read(path, SourceLimits(members=4)) == [("many", "too_many_members")]


def test_a_header_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    """A pax header may claim any size, and the library reads all of it."""
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    path = tmp_path / "a.tar"
    path.write_bytes(header.tobuf(tarfile.USTAR_FORMAT) + b"1" * (4 << 20))
    assert read(path, SMALL) == [("a.tar", "damaged_archive")]


def test_a_member_of_negative_size_ends_the_archive(tmp_path: Path) -> None:
    """The library loops forever on it (CVE-2025-8194)."""
    header = tarfile.TarInfo("a.jpg")
    header.size = -1024
    path = tmp_path / "a.tar"
    path.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + b"\0" * 4096)
    assert read(path) == [("a.tar", "damaged_archive")]


def test_a_sparse_member_is_refused(tmp_path: Path) -> None:
    header = bytearray(tarfile.TarInfo("a.jpg").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[483:495] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header[:512]):06o}\0 ".encode()
    path = tmp_path / "a.tar"
    path.write_bytes(bytes(header) + tarfile.TarInfo("b.jpg").tobuf(tarfile.USTAR_FORMAT) + b"\0" * 1024)
    assert read(path) == [("a.jpg", "special_file"), ("b.jpg", "")]


def test_an_xz_over_the_memory_limit_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 64 << 20}]
    path = tmp_path / "a.tar.xz"
    path.write_bytes(lzma.compress(write_tar(tmp_path / "a.tar", tar_member("a.jpg")).read_bytes(), filters=filters))
    assert read(path) == [("a.jpg", "")]
    assert read(path, SourceLimits(xz_memory=16 << 20)) == [("a.tar.xz", "damaged_archive")]


@pytest.mark.parametrize("packed", ["", "gz", "bz2", "xz"])
def test_a_truncated_tar_gives_the_members_before_the_cut_and_a_damaged_row(tmp_path: Path, packed: str) -> None:
    path = write_tar(tmp_path / "a", *(tar_member(f"{i}.jpg", os.urandom(30_000)) for i in range(40)), packed=packed)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    *before, last = read(path)
    assert last == ("a", "damaged_archive")
    assert packed == "bz2" or len(before) > 10  # bzip2 gives its blocks of 900 kB whole or not at all
    assert before == [(f"{i}.jpg", "") for i in range(len(before))]


@pytest.mark.parametrize("cut", [512 * 2, 512 * 2 + 100, 512 + 3])
def test_a_tar_cut_between_or_inside_members_is_damaged(tmp_path: Path, cut: int) -> None:
    path = write_tar(tmp_path / "a.tar", tar_member("a.jpg"), tar_member("b.jpg"))
    path.write_bytes(path.read_bytes()[:cut])
    assert read(path) == [*([("a.jpg", "")] if cut >= 517 else []), ("a.tar", "damaged_archive")]


def test_a_broken_header_in_the_middle_is_damage_and_not_the_end(tmp_path: Path) -> None:
    data = bytearray(write_tar(tmp_path / "a.tar", tar_member("a.jpg"), tar_member("b.jpg")).read_bytes())
    data[1024 + 150] ^= 1
    (tmp_path / "a.tar").write_bytes(data)
    assert read(tmp_path / "a.tar") == [("a.jpg", ""), ("a.tar", "damaged_archive")]


def test_a_truncated_zip_is_damaged_for_want_of_its_directory(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", PHOTOS)
    path.write_bytes(path.read_bytes()[:30_000])
    (entry,) = ArchiveSource(path).entries()
    assert isinstance(entry, RefusedEntry)
    assert (entry.code, "its directory" in entry.message) == ("damaged_archive", True)


def test_a_damaged_member_of_a_zip_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    data = bytearray(write_zip(tmp_path / "a.zip", {"a.jpg": b"first", "b.jpg": b"second"}).read_bytes())
    data[data.index(b"first")] ^= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert read(tmp_path / "a.zip") == [("a.jpg", "unreadable"), ("b.jpg", "")]


def test_a_zip_behind_another_program_and_one_with_a_comment_are_read(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", PHOTOS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"PK\1\2 a comment"
    path.write_bytes(b"PK\3\4" + b"#!" * 50 + path.read_bytes())
    assert contents(path) == PHOTOS


def test_a_zip64_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in PHOTOS.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(data)
    assert contents(path) == PHOTOS


def test_a_zip_of_more_than_65535_members_is_read(tmp_path: Path) -> None:
    names = [f"{i}.jpg" for i in range(66_000)]
    path = write_zip(tmp_path / "a.zip", dict.fromkeys(names, b""))
    assert [name for name, _ in read(path)] == names


@pytest.mark.parametrize("content", [b"", b"text" * 200, b"\x89PNG\r\n"])
def test_a_file_that_is_no_archive_is_an_error_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.rar"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="neither a folder nor a tar"):
        ArchiveSource(path)
    with pytest.raises(SourceError, match="cannot be opened: No such file"):
        ArchiveSource(tmp_path / "nowhere")


def test_a_small_archive_is_counted_and_a_large_tar_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tar(tmp_path / "a.tar", *(tar_member(name) for name in [*PHOTOS, *SKIPPED, "../up.jpg"]))
    assert ArchiveSource(path).count == 4
    monkeypatch.setattr("attrai_batch.sources.archive.MAX_COUNTED_BYTES", 1_000)
    assert ArchiveSource(path).count is None


@pytest.mark.parametrize("packed", ["", "gz", "xz"])
def test_the_count_of_a_large_tar_is_estimated_from_the_part_read(tmp_path: Path, packed: str) -> None:
    photos = 400
    members = [tar_member(f"{number}.jpg", os.urandom(4_000)) for number in range(photos)]
    source = ArchiveSource(write_tar(tmp_path / "a.tar", *members, packed=packed))
    assert source.expected() is None
    entries = source.entries()
    for _ in range(photos // 2):
        next(entries)
    assert source.expected() == pytest.approx(photos, rel=0.15)
    assert len(list(entries)) == photos // 2
    assert source.expected() == photos


def test_the_estimate_of_a_truncated_tar_ends_at_the_number_of_its_entries(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", *(tar_member(f"{number}.jpg", os.urandom(4_000)) for number in range(400)))
    os.truncate(path, path.stat().st_size // 2)
    source = ArchiveSource(path)
    entries = source.entries()
    for _ in range(100):
        next(entries)
    path.rename(tmp_path / "elsewhere.tar")
    assert source.expected() == pytest.approx(200, rel=0.3)
    rest = list(entries)
    assert source.expected() == pytest.approx(100 + len(rest), abs=1)


def test_a_large_zip_is_counted_by_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attrai_batch.sources.archive.MAX_COUNTED_BYTES", 0)
    path = write_zip(
        tmp_path / "a.zip", {**PHOTOS, "notes.txt": b"no photo", ".hidden.jpg": b"", "__MACOSX/a.jpg": b""}
    )
    assert ArchiveSource(path).count == len(PHOTOS)
    path.write_bytes(path.read_bytes()[:-30])
    assert ArchiveSource(path).count is None


def test_the_fingerprint_follows_the_archive(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", PHOTOS)
    first = ArchiveSource(path).fingerprint
    assert ArchiveSource(path).fingerprint == first
    os.utime(path, (1, 1))
    assert ArchiveSource(path).fingerprint != first
    assert ArchiveSource(path, fingerprint="0" * 64).fingerprint == "0" * 64


def noise(packed: bytes, flips: list[tuple[int, int]], keep: float) -> bytes:
    data = bytearray(packed[: int(len(packed) * keep) or 1])
    for place, value in flips:
        data[place % len(data)] = value
    return bytes(data)


FLIPS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6)


@settings(deadline=None)
@given(flips=FLIPS, keep=st.floats(0.01, 1), kind=st.sampled_from(["", "gz", "bz2", "xz", "zip"]))
def test_random_damage_to_an_archive_raises_no_other_error(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], keep: float, kind: str
) -> None:
    path = tmp_path_factory.mktemp("noise") / "a.tar"
    members = {"a.jpg": b"first" * 50, "b/c.png": b"second", "é.jpg": b"third"}
    if kind == "zip":
        write_zip(path, members, zipfile.ZIP_DEFLATED)
    else:
        write_tar(path, *(tar_member(*item) for item in members.items()), packed=kind)
    path.write_bytes(noise(path.read_bytes(), flips, keep))
    try:
        entries = list(ArchiveSource(path, DEFAULT_SOURCE_LIMITS).entries())
    except SourceError:
        return
    for entry in entries:
        entry.name.encode()


END = b"PK\x05\x06"
"""The signature of a zip's last record. In a comment it misleads the standard library."""
NAMES = st.text("abé ", min_size=1, max_size=6).map(lambda name: f"p/{name}x.jpg")


@settings(deadline=None)
@given(
    members=st.dictionaries(NAMES, st.binary(max_size=300), min_size=1, max_size=8),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    comment=st.binary(max_size=80).filter(lambda data: END not in data),
)
def test_a_zip_reads_as_the_standard_library_reads_it(
    tmp_path_factory: pytest.TempPathFactory, members: dict[str, bytes], method: int, comment: bytes
) -> None:
    path = write_zip(tmp_path_factory.mktemp("zip") / "a.zip", members, method)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = comment
    with zipfile.ZipFile(path) as archive:
        expected = {name: archive.read(name) for name in archive.namelist()}
    assert list(contents(path).items()) == list(expected.items())
