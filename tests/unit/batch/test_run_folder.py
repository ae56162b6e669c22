import os
from pathlib import Path

import pytest
from attrai_batch.run_folder import RunFolder


def test_the_spool_of_a_relative_file_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Estimators run in another folder."""
    monkeypatch.chdir(tmp_path)
    folder = RunFolder(Path("faces.parquet"))
    monkeypatch.chdir(os.sep)
    assert folder.spool == tmp_path / "faces.parquet.parts" / "spool"
