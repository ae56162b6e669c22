"""A chunk from message to result, with the real networks and a real spool."""

import base64
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.chunks.faces import Locate, Located, Wish, locate
from attrai_estimator.chunks.task import is_over
from attrai_estimator.chunks.work import Bench, work
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
def bench(tmp_path: Path, networks: Networks) -> Bench:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/six.jpg").write_bytes(SAMPLE.read_bytes())
    (tmp_path / "root/broken.jpg").write_bytes(b"no picture")
    spool = Spool(tmp_path / "spool")
    spool.open_run(RUN)
    return Bench(tmp_path / "root", spool, networks, locate, soft_limit=30, hard_limit=60)


def message(names: Sequence[str], what: tuple[FaceOutput, ...] = ALL, faces: FaceSelection = "all") -> ToEmbed:
    return ToEmbed(run_id=RUN, chunk=0, what=what, faces=faces, photos=SourceFiles(names=tuple(names)))


def found(outcome: object) -> PhotoResult:
    assert isinstance(outcome, PhotoResult)
    return outcome


def test_each_photo_has_its_faces_or_its_reason(bench: Bench) -> None:
    six, broken, none = work(message(["six.jpg", "broken.jpg", "nowhere.jpg"]), bench).photos
    assert isinstance(broken, PhotoFailure)
    assert isinstance(none, PhotoFailure)
    assert (broken.code, none.code) == ("unreadable", "unreadable")
    faces = found(six).faces
    assert len(faces) == 6
    assert [face.box[0] for face in faces] == sorted(face.box[0] for face in faces)
    assert all(face.score and face.measures and face.embedding for face in faces)
    assert len(struct.unpack("<128f", base64.b64decode(faces[0].embedding or ""))) == 128


def test_only_what_was_asked_for_is_computed(bench: Bench) -> None:
    [six] = work(message(["six.jpg"], what=("quality",)), bench).photos
    assert {(face.embedding, face.score) for face in found(six).faces} == {(None, None)}
    assert all(face.reasons is not None for face in found(six).faces)
    [six] = work(message(["six.jpg"], what=("embedding",)), bench).photos
    assert {(face.reasons, face.score) for face in found(six).faces} == {(None, None)}


def test_the_largest_and_the_central_face_are_one_of_all(bench: Bench) -> None:
    [everyone] = work(message(["six.jpg"]), bench).photos
    photo = found(everyone)
    areas = [(face.box[2] - face.box[0]) * (face.box[3] - face.box[1]) for face in photo.faces]
    off = [
        abs(face.box[0] + face.box[2] - photo.width) ** 2 + abs(face.box[1] + face.box[3] - photo.height) ** 2
        for face in photo.faces
    ]
    for choice, index in (("largest", int(np.argmax(areas))), ("central", int(np.argmin(off)))):
        [chosen] = work(message(["six.jpg"], faces=choice), bench).photos  # type: ignore[arg-type]
        assert found(chosen).faces == (photo.faces[index],), "not even the last bit depends on who else is in the batch"


def test_a_member_of_an_archive_comes_to_the_same_as_a_file(bench: Bench) -> None:
    data = [SAMPLE.read_bytes(), b"no picture"]
    bench.spool.write_photos(RUN, 0, data)
    spooled = ToEmbed(run_id=RUN, chunk=0, what=ALL, faces="all", photos=SpoolFile(sizes=tuple(map(len, data))))
    assert work(spooled, bench).photos == work(message(["six.jpg", "broken.jpg"]), bench).photos


def test_a_chunk_that_comes_again_when_its_result_was_taken_is_over(bench: Bench) -> None:
    """It had gone back to its queue for ever, a second each time, and held up those behind it."""
    spooled = ToEmbed(run_id=RUN, chunk=0, what=ALL, faces="all", photos=SpoolFile(sizes=(10,)))
    bench.spool.write_photos(RUN, 0, [b"no picture"])
    assert not is_over(spooled, bench.spool)
    bench.spool.write_result(work(spooled, bench))
    assert is_over(spooled, bench.spool)
    bench.spool.delete(RUN, 0)
    assert is_over(spooled, bench.spool)
    assert not is_over(message(["six.jpg"]), bench.spool)
    bench.spool.close_run(RUN)
    assert is_over(message(["six.jpg"]), bench.spool)


def test_aligned_faces_are_added_up(bench: Bench) -> None:
    once, twice = (work(message(["six.jpg"] * count), bench).aligned for count in (1, 2))
    assert once is not None
    assert twice is not None
    assert (once.count, twice.count, once.size) == (6, 12, 150)
    sums = [np.frombuffer(zlib.decompress(base64.b64decode(one.sums)), "<u4") for one in (once, twice)]
    assert sums[0].shape == (150 * 150 * 3,)
    assert (sums[0] * 2 == sums[1]).all()
    assert 0 < sums[0].mean() / 6 < 255


@pytest.mark.parametrize("link", ["/etc/passwd", "../secret"])
def test_no_name_leads_out_of_the_root(bench: Bench, link: str) -> None:
    (bench.root.parent / "secret").write_bytes(SAMPLE.read_bytes())
    (bench.root / "link.jpg").symlink_to(link)
    [outcome] = work(message(["link.jpg"]), bench).photos
    assert isinstance(outcome, PhotoFailure)
    assert outcome.code == "refused_name"


def test_a_pipe_a_folder_and_a_circle_hold_nobody_up(bench: Bench) -> None:
    os.mkfifo(bench.root / "pipe")
    (bench.root / "folder").mkdir()
    (bench.root / "circle").symlink_to("circle")
    outcomes = work(message(["pipe", "folder", "circle"]), bench).photos
    assert {outcome.code for outcome in outcomes if isinstance(outcome, PhotoFailure)} == {"unreadable"}
    assert len(outcomes) == 3


def _unless_poison(data: bytes, networks: Networks, wish: Wish, clock: Clock) -> Located:
    if data.endswith(b"<poison>"):
        raise KeyboardInterrupt  # ends the delivery as a killed process does: no outcome, no mark of an end
    return locate(data, networks, wish, clock)


def delivered_until_done(
    bench: Bench, poisoned: Locate, names: Sequence[str]
) -> tuple[int, Sequence[PhotoResult | PhotoFailure]]:
    killed = 0
    while True:
        try:
            return killed, work(message(names), Bench(bench.root, bench.spool, bench.networks, poisoned, 30, 60)).photos
        except KeyboardInterrupt:
            killed += 1


def test_a_poison_photo_is_given_up_the_third_time_and_harms_no_other(bench: Bench) -> None:
    (bench.root / "poison.jpg").write_bytes(SAMPLE.read_bytes() + b"<poison>")
    killed, outcomes = delivered_until_done(bench, _unless_poison, ["six.jpg", "poison.jpg", "six.jpg"])
    assert killed == 3
    assert isinstance(outcomes[1], PhotoFailure)
    assert outcomes[1].code == "given_up"
    assert found(outcomes[0]) == found(outcomes[2])


def test_photos_once_given_up_stay_so_whatever_kills_behind_them(bench: Bench) -> None:
    names = [f"poison-{number}.jpg" for number in range(4)]
    for name in names:
        (bench.root / name).write_bytes(b"<poison>")
    killed, outcomes = delivered_until_done(bench, _unless_poison, names)
    assert killed == 3 * len(names)
    assert [outcome.kind == "missed" and outcome.code for outcome in outcomes] == ["given_up"] * len(names)


def _dies_describing(data: bytes, networks: Networks, wish: Wish, clock: Clock) -> Located:
    located = locate(data, networks, wish, clock)
    return (
        located if not data.endswith(b"<poison>") else Poison(*(getattr(located, name) for name in Located.__slots__))
    )


class Poison(Located):
    """Kills when its crops are gathered for the networks."""

    def __getattribute__(self, name: str) -> object:
        if name == "aligned":
            raise KeyboardInterrupt
        return super().__getattribute__(name)


def test_a_photo_that_kills_among_others_is_known_when_each_goes_alone(bench: Bench) -> None:
    (bench.root / "poison.jpg").write_bytes(SAMPLE.read_bytes() + b"<poison>")
    killed, outcomes = delivered_until_done(bench, _dies_describing, ["six.jpg", "poison.jpg", "six.jpg"])
    assert killed == 3
    assert [outcome.kind for outcome in outcomes] == ["found", "missed", "found"]


def _hangs(data: bytes, networks: Networks, wish: Wish, clock: Clock) -> Located:
    while not data.endswith(b"<poison>"):
        pass
    return locate(data, networks, wish, clock)


def test_a_photo_that_takes_too_long_gets_its_reason(bench: Bench) -> None:
    (bench.root / "poison.jpg").write_bytes(SAMPLE.read_bytes() + b"<poison>")
    bench = Bench(bench.root, bench.spool, bench.networks, _hangs, soft_limit=0.2, hard_limit=60)
    slow, _ = work(message(["six.jpg", "broken.jpg"]), bench).photos
    assert isinstance(slow, PhotoFailure)
    assert slow.code == "timed_out"


def _raises(data: bytes, networks: Networks, wish: Wish, clock: Clock) -> Located:
    raise ZeroDivisionError


@pytest.mark.logs_errors
def test_what_nobody_foresaw_is_a_reason_too(bench: Bench) -> None:
    [outcome] = work(message(["six.jpg"]), Bench(bench.root, bench.spool, bench.networks, _raises, 30, 60)).photos
    assert isinstance(outcome, PhotoFailure)
    assert (outcome.code, outcome.message) == ("given_up", "the estimator failed: ZeroDivisionError")
