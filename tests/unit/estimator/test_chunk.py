"""A chunk from message to result, with the real networks and a real spool."""

import base64
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.batch.chunk import ChunkContext, process_chunk
from attrai_estimator.batch.faces import FaceOptions, LocatedFaces, LocateFaces, locate_faces
from attrai_estimator.batch.task import is_over
from attrai_estimator.networks import Networks, load_networks
from attrai_estimator.pipeline import Clock
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_shared.batch_contracts import (
    FaceOutput,
    FaceSelection,
    PhotoFailure,
    PhotoResult,
    SourceFiles,
    SpoolFile,
    ToEmbed,
)
from attrai_shared.spool import Spool

RUN = "ab" * 16
SAMPLE = Path(__file__).parents[3] / "playground/attrai_playground/sample/astronauts.jpg"
ALL: tuple[FaceOutput, ...] = ("embedding", "score", "quality")


@pytest.fixture(scope="module")
def networks() -> Networks:
    return load_networks(WORKSPACE_MODELS, embed=True)


@pytest.fixture
def context(tmp_path: Path, networks: Networks) -> ChunkContext:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/six.jpg").write_bytes(SAMPLE.read_bytes())
    (tmp_path / "root/broken.jpg").write_bytes(b"no picture")
    spool = Spool(tmp_path / "spool")
    spool.open_run(RUN)
    return ChunkContext(tmp_path / "root", spool, networks, locate_faces, soft_limit=30, hard_limit=60)


def message(names: Sequence[str], what: tuple[FaceOutput, ...] = ALL, faces: FaceSelection = "all") -> ToEmbed:
    return ToEmbed(run_id=RUN, chunk=0, what=what, faces=faces, photos=SourceFiles(names=tuple(names)))


def found(outcome: object) -> PhotoResult:
    assert isinstance(outcome, PhotoResult)
    return outcome


def test_each_photo_has_its_faces_or_its_reason(context: ChunkContext) -> None:
    six, broken, none = process_chunk(message(["six.jpg", "broken.jpg", "nowhere.jpg"]), context).photos
    assert isinstance(broken, PhotoFailure)
    assert isinstance(none, PhotoFailure)
    assert (broken.code, none.code) == ("unreadable", "unreadable")
    faces = found(six).faces
    assert len(faces) == 6
    assert [face.box[0] for face in faces] == sorted(face.box[0] for face in faces)
    assert all(face.score and face.measures and face.embedding for face in faces)
    assert len(struct.unpack("<128f", base64.b64decode(faces[0].embedding or ""))) == 128


def test_only_what_was_asked_for_is_computed(context: ChunkContext) -> None:
    [six] = process_chunk(message(["six.jpg"], what=("quality",)), context).photos
    assert {(face.embedding, face.score) for face in found(six).faces} == {(None, None)}
    assert all(face.reasons is not None for face in found(six).faces)
    [six] = process_chunk(message(["six.jpg"], what=("embedding",)), context).photos
    assert {(face.reasons, face.score) for face in found(six).faces} == {(None, None)}


def test_the_largest_and_the_central_face_are_one_of_all(context: ChunkContext) -> None:
    [everyone] = process_chunk(message(["six.jpg"]), context).photos
    photo = found(everyone)
    areas = [(face.box[2] - face.box[0]) * (face.box[3] - face.box[1]) for face in photo.faces]
    off = [
        abs(face.box[0] + face.box[2] - photo.width) ** 2 + abs(face.box[1] + face.box[3] - photo.height) ** 2
        for face in photo.faces
    ]
    for choice, index in (("largest", int(np.argmax(areas))), ("central", int(np.argmin(off)))):
        [select_faces] = process_chunk(message(["six.jpg"], faces=choice), context).photos  # type: ignore[arg-type]
        assert found(select_faces).faces == (photo.faces[index],), (
            "not even the last bit depends on who else is in the batch"
        )


def test_a_member_of_an_archive_comes_to_the_same_as_a_file(context: ChunkContext) -> None:
    data = [SAMPLE.read_bytes(), b"no picture"]
    context.spool.write_photos(RUN, 0, data)
    spooled = ToEmbed(run_id=RUN, chunk=0, what=ALL, faces="all", photos=SpoolFile(sizes=tuple(map(len, data))))
    assert process_chunk(spooled, context).photos == process_chunk(message(["six.jpg", "broken.jpg"]), context).photos


def test_a_chunk_that_comes_again_when_its_result_was_taken_is_over(context: ChunkContext) -> None:
    """It had gone back to its queue for ever, a second each time, and held up those behind it."""
    spooled = ToEmbed(run_id=RUN, chunk=0, what=ALL, faces="all", photos=SpoolFile(sizes=(10,)))
    context.spool.write_photos(RUN, 0, [b"no picture"])
    assert not is_over(spooled, context.spool)
    context.spool.write_result(process_chunk(spooled, context))
    assert is_over(spooled, context.spool)
    context.spool.delete(RUN, 0)
    assert is_over(spooled, context.spool)
    assert not is_over(message(["six.jpg"]), context.spool)
    context.spool.close_run(RUN)
    assert is_over(message(["six.jpg"]), context.spool)


def test_aligned_faces_are_added_up(context: ChunkContext) -> None:
    once, twice = (process_chunk(message(["six.jpg"] * count), context).aligned for count in (1, 2))
    assert once is not None
    assert twice is not None
    assert (once.count, twice.count, once.size) == (6, 12, 150)
    sums = [np.frombuffer(zlib.decompress(base64.b64decode(one.sums)), "<u4") for one in (once, twice)]
    assert sums[0].shape == (150 * 150 * 3,)
    assert (sums[0] * 2 == sums[1]).all()
    assert 0 < sums[0].mean() / 6 < 255


@pytest.mark.parametrize("link", ["/etc/passwd", "../secret"])
def test_no_name_leads_out_of_the_root(context: ChunkContext, link: str) -> None:
    (context.root.parent / "secret").write_bytes(SAMPLE.read_bytes())
    (context.root / "link.jpg").symlink_to(link)
    [outcome] = process_chunk(message(["link.jpg"]), context).photos
    assert isinstance(outcome, PhotoFailure)
    assert outcome.code == "refused_name"


def test_a_pipe_a_folder_and_a_circle_hold_nobody_up(context: ChunkContext) -> None:
    os.mkfifo(context.root / "pipe")
    (context.root / "folder").mkdir()
    (context.root / "circle").symlink_to("circle")
    outcomes = process_chunk(message(["pipe", "folder", "circle"]), context).photos
    assert {outcome.code for outcome in outcomes if isinstance(outcome, PhotoFailure)} == {"unreadable"}
    assert len(outcomes) == 3


def _unless_poison(data: bytes, networks: Networks, options: FaceOptions, clock: Clock) -> LocatedFaces:
    if data.endswith(b"<poison>"):
        raise KeyboardInterrupt  # ends the delivery as a killed process does: no outcome, no mark of an end
    return locate_faces(data, networks, options, clock)


def delivered_until_done(
    context: ChunkContext, poisoned: LocateFaces, names: Sequence[str]
) -> tuple[int, Sequence[PhotoResult | PhotoFailure]]:
    killed = 0
    while True:
        try:
            return killed, process_chunk(
                message(names), ChunkContext(context.root, context.spool, context.networks, poisoned, 30, 60)
            ).photos
        except KeyboardInterrupt:
            killed += 1


def test_a_poison_photo_is_given_up_the_third_time_and_harms_no_other(context: ChunkContext) -> None:
    (context.root / "poison.jpg").write_bytes(SAMPLE.read_bytes() + b"<poison>")
    killed, outcomes = delivered_until_done(context, _unless_poison, ["six.jpg", "poison.jpg", "six.jpg"])
    assert killed == 3
    assert isinstance(outcomes[1], PhotoFailure)
    assert outcomes[1].code == "given_up"
    assert found(outcomes[0]) == found(outcomes[2])


def test_photos_once_given_up_stay_so_whatever_kills_behind_them(context: ChunkContext) -> None:
    names = [f"poison-{number}.jpg" for number in range(4)]
    for name in names:
        (context.root / name).write_bytes(b"<poison>")
    killed, outcomes = delivered_until_done(context, _unless_poison, names)
    assert killed == 3 * len(names)
    assert [outcome.kind == "missed" and outcome.code for outcome in outcomes] == ["given_up"] * len(names)


def _dies_describing(data: bytes, networks: Networks, options: FaceOptions, clock: Clock) -> LocatedFaces:
    located = locate_faces(data, networks, options, clock)
    return (
        located
        if not data.endswith(b"<poison>")
        else Poison(*(getattr(located, name) for name in LocatedFaces.__slots__))
    )


class Poison(LocatedFaces):
    """Kills when its crops are gathered for the networks."""

    def __getattribute__(self, name: str) -> object:
        if name == "aligned":
            raise KeyboardInterrupt
        return super().__getattribute__(name)


def test_a_photo_that_kills_among_others_is_known_when_each_goes_alone(context: ChunkContext) -> None:
    (context.root / "poison.jpg").write_bytes(SAMPLE.read_bytes() + b"<poison>")
    killed, outcomes = delivered_until_done(context, _dies_describing, ["six.jpg", "poison.jpg", "six.jpg"])
    assert killed == 3
    assert [outcome.kind for outcome in outcomes] == ["found", "missed", "found"]


def _hangs(data: bytes, networks: Networks, options: FaceOptions, clock: Clock) -> LocatedFaces:
    while not data.endswith(b"<poison>"):
        pass
    return locate_faces(data, networks, options, clock)


def test_a_photo_that_takes_too_long_gets_its_reason(context: ChunkContext) -> None:
    (context.root / "poison.jpg").write_bytes(SAMPLE.read_bytes() + b"<poison>")
    context = ChunkContext(context.root, context.spool, context.networks, _hangs, soft_limit=0.2, hard_limit=60)
    slow, _ = process_chunk(message(["six.jpg", "broken.jpg"]), context).photos
    assert isinstance(slow, PhotoFailure)
    assert slow.code == "timed_out"


def _raises(data: bytes, networks: Networks, options: FaceOptions, clock: Clock) -> LocatedFaces:
    raise ZeroDivisionError


@pytest.mark.logs_errors
def test_what_nobody_foresaw_is_a_reason_too(context: ChunkContext) -> None:
    [outcome] = process_chunk(
        message(["six.jpg"]), ChunkContext(context.root, context.spool, context.networks, _raises, 30, 60)
    ).photos
    assert isinstance(outcome, PhotoFailure)
    assert (outcome.code, outcome.message) == ("given_up", "the estimator failed: ZeroDivisionError")
