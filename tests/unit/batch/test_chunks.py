import json

import pytest
from attrai_batch.chunks import MAX_ENTRIES, MAX_PHOTOS, MAX_SECONDS, Chunk, chunks, estimated_seconds, photo_locations
from attrai_batch.sources.entries import Entry, FileEntry, MemberEntry, RefusedEntry
from attrai_shared.batch_contracts import SourceFiles, SpoolFile, ToEmbed
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=200).filter(
    lambda name: name not in (".", "..")
)
ENTRIES = st.lists(
    st.builds(FileEntry, NAMES, st.integers(0, 10_000_000))
    | st.builds(RefusedEntry, NAMES, st.just("unreadable"), st.just(""))
)


@given(ENTRIES)
def test_every_entry_is_in_one_chunk_in_the_order_of_the_source(entries: list[Entry]) -> None:
    made = list(chunks(entries))
    assert [entry for chunk in made for entry in chunk.entries] == entries
    assert [chunk.number for chunk in made] == list(range(len(made)))


@given(ENTRIES)
def test_a_chunk_is_about_a_second_of_work_and_its_message_small(entries: list[Entry]) -> None:
    for chunk in chunks(entries):
        assert len(chunk.photos) <= MAX_PHOTOS
        assert sum(map(estimated_seconds, chunk.photos)) <= MAX_SECONDS
        if chunk.photos:
            photos = photo_locations(chunk, "")
            message = ToEmbed(run_id="0" * 32, chunk=0, what=("score",), faces="all", photos=photos)
            assert len(json.dumps(message.model_dump(mode="json"))) * 4 / 3 < 48_000


def test_long_names_in_any_script_leave_a_message_small() -> None:
    deep = "/".join(["ж" * 120] * 16)
    made = list(chunks(FileEntry(f"{deep}/{number}.jpg", 1) for number in range(100)))
    assert len(made) > 10
    for chunk in made:
        assert len(json.dumps(photo_locations(chunk, "").model_dump(mode="json"))) * 4 / 3 < 48_000


def test_small_photos_make_a_chunk_of_many_and_large_ones_of_few() -> None:
    [small, *_] = chunks(FileEntry(f"{n}.jpg", 8_000) for n in range(100))
    [large, *_] = chunks(FileEntry(f"{n}.jpg", 4_000_000) for n in range(100))
    assert len(small.photos) > 20
    assert len(large.photos) == 2


def test_refused_entries_alone_make_chunks_without_photos() -> None:
    made = list(chunks(RefusedEntry(str(n), "unreadable", "") for n in range(2 * MAX_ENTRIES)))
    assert [(len(chunk.entries), chunk.photos) for chunk in made] == [(MAX_ENTRIES, ())] * 2


def test_members_are_in_the_spool_and_files_below_the_root() -> None:
    refused = RefusedEntry("x", "unreadable", "")
    assert photo_locations(
        Chunk(0, (MemberEntry("a.jpg", b"12"), refused, MemberEntry("b.jpg", b"345"))), ""
    ) == SpoolFile(sizes=(2, 3))
    assert photo_locations(Chunk(0, (FileEntry("a.jpg", 9), refused)), "sets/lfw/") == SourceFiles(
        names=("sets/lfw/a.jpg",)
    )


@pytest.mark.parametrize("prefix", ["", "sets/"])
def test_a_name_that_the_contract_refuses_cannot_be_submitted(prefix: str) -> None:
    with pytest.raises(ValueError, match="inside the root"):
        photo_locations(Chunk(0, (FileEntry("../a.jpg", 1),)), prefix)
