import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.estimate_cli import estimate_fields, estimate_photos
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.values import Box, Detection, Estimate, Face, Quality
from PIL import Image

SAMPLE = Path(__file__).parents[3] / "playground/attrai_playground/sample/astronauts.jpg"


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "attrai_estimator", "estimate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_each_photo_gets_a_line_and_a_failure_shows_in_the_status(tmp_path: Path) -> None:
    text, folder, missing = tmp_path / "Текст.jpg", tmp_path / "folder", tmp_path / "missing.jpg"
    text.write_text("no photo")
    folder.mkdir()
    result = run(text, SAMPLE, folder, missing, "--out", tmp_path / "out")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.returncode, result.stderr) == (1, "")
    assert [line["photo"] for line in lines] == [str(text), str(SAMPLE), str(folder), str(missing)]
    assert [line.get("error", {}).get("code") for line in lines] == ["unreadable", None, "unreadable", "unreadable"]
    assert [lines[i]["error"]["message"] for i in (0, 2, 3)] == [
        "the file is no JPEG, PNG, WebP, HEIC or GIF",
        "the file cannot be opened: Is a directory",
        "the file cannot be opened: No such file or directory",
    ]
    assert_describes_the_sample(lines[1])
    with Image.open(tmp_path / "out" / "astronauts.jpg") as picture:
        assert picture.size == (1_200, 800)


def assert_describes_the_sample(line: dict[str, object]) -> None:
    assert list(line) == ["photo", "width", "height", "faces", "seconds"]
    assert (line["width"], line["height"]) == (1_200, 800)
    faces = line["faces"]
    assert isinstance(faces, list)
    assert len(faces) == 6
    for face in faces:
        assert list(face) == ["box", "landmarks", "probability", "score", "quality"]
        x0, y0, x1, y1 = face["box"]
        assert all(x0 < x < x1 and y0 < y < y1 for x, y in face["landmarks"])
        assert 0.7 < face["probability"] <= 1
        assert 1 <= face["score"] <= 10
        assert face["quality"]["reasons"] == []


def test_names_taken_twice_are_told(tmp_path: Path) -> None:
    twin = tmp_path / "astronauts.png"
    with Image.open(SAMPLE) as image:
        image.resize((600, 400)).save(twin)
    result = run(SAMPLE.name, twin, "--out", tmp_path, cwd=SAMPLE.parent)
    assert result.returncode == 0
    assert json.loads(result.stdout.splitlines()[0])["photo"] == SAMPLE.name
    assert result.stderr == f"attrai-estimator: {twin}: annotated as {tmp_path / 'astronauts-2.jpg'}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Missing argument 'PHOTO"),
        (["--nonsense"], "No such option"),
        ([SAMPLE, "--runtime", "abacus"], "is not one of"),
        ([SAMPLE, "--models", "/nowhere"], "the networks cannot be loaded: cannot read /nowhere/manifest.json"),
        ([SAMPLE, "--out", SAMPLE], "cannot be made: File exists"),
    ],
)
def test_a_call_that_cannot_work_ends_with_status_2_and_a_sentence(arguments: list[object], sentence: str) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_help_tells_of_the_options() -> None:
    words = run("--help").stdout
    assert all(
        word in words for word in ("PHOTO", "--out", "--embed", "--models", "ATTRAI_MODELS", "--runtime", "JSON line")
    )


def test_embeddings_are_printed_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    assert estimate_photos([str(SAMPLE)], None, WORKSPACE_MODELS, "openvino", with_embeddings=True) == 0
    faces = json.loads(capsys.readouterr().out)["faces"]
    assert [len(face["embedding"]) for face in faces] == [128] * 6


def test_a_photo_as_large_as_a_disk_is_refused_without_being_read_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert estimate_photos(["/dev/zero"], None, WORKSPACE_MODELS, "openvino", with_embeddings=False) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "too_many_bytes"


def test_a_picture_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "astronauts.jpg").mkdir()
    assert estimate_photos([str(SAMPLE)], tmp_path, WORKSPACE_MODELS, "openvino", with_embeddings=False) == 1
    assert json.loads(capsys.readouterr().out)["error"] == {
        "code": "store_unavailable",
        "message": "the annotated picture cannot be written: Is a directory",
    }


def test_the_fields_of_an_estimate_are_rounded() -> None:
    detection = Detection(Box(1.234, 2, 3, 4), np.full((5, 2), 1.239, np.float32), 0.987654321)
    face = Face(detection, 7.123456, Quality(("blurred",), {"side": 20.123456}), np.full(128, 0.25, np.float32))
    fields = estimate_fields(Estimate(10, 20, (face,), b"", {"decode": 0.0123456}))
    assert json.loads(json.dumps(fields)) == {
        "width": 10,
        "height": 20,
        "faces": [
            {
                "box": [1.23, 2, 3, 4],
                "landmarks": [[1.24, 1.24]] * 5,
                "probability": 0.98765,
                "score": 7.1235,
                "quality": {"reasons": ["blurred"], "side": 20.1235},
                "embedding": [0.25] * 128,
            }
        ],
        "seconds": {"decode": 0.0123},
    }
