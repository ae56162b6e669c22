import json
import logging
from pathlib import Path

import pytest
from attrai_batch.log_file import logged_to
from attrai_shared.logs import event
from attrai_shared.logs.records import Origin


@pytest.mark.logs_errors
def test_logs_of_a_run_go_to_its_file_and_not_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root, logger = logging.getLogger(), logging.getLogger("attrai_batch.producer")
    before = root.level, root.handlers[:]
    with logged_to(tmp_path / "logs/run.log", Origin("batch", "run", "1")):
        event(logger, "chunk_lost", level=logging.WARNING, chunk=7)
        logging.getLogger("kombu").info("connected")
        logging.getLogger("kombu").error("gone")
    lines = [json.loads(line) for line in (tmp_path / "logs/run.log").read_text().splitlines()]
    assert [(line["message"], line["level"], line.get("chunk")) for line in lines] == [
        ("chunk_lost", "WARNING", 7),
        ("gone", "ERROR", None),
    ]
    assert (root.level, root.handlers[:]) == before
    assert capfd.readouterr() == ("", "")
