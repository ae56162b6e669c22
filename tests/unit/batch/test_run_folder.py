import os
from pathlib import Path

import pytest
from attrai_batch.run_folder import RunFolder


def test_estimators_find_the_spool_of_a_run_whose_file_was_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They run in another folder."""
    monkeypatch.chdir(tmp_path)
    folder = RunFolder(Path("faces.parquet"))
    monkeypatch.chdir(os.sep)
    assert folder.spool == tmp_path / "faces.parquet.parts" / "spool"
