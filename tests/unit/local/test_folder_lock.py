import os
from pathlib import Path

import pytest
from attrai_local.errors import InUseError, UsageError
from attrai_local.folder_lock import locked


def test_a_state_folder_serves_one_run_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path / "state"), pytest.raises(InUseError, match="Another run uses"), locked(tmp_path / "state"):
        pass
    with locked(tmp_path / "state"):
        pass


def test_a_state_folder_stays_locked_while_a_copy_of_the_descriptor_is_open(tmp_path: Path) -> None:
    with locked(tmp_path) as [descriptor]:
        copy = os.dup(descriptor)
    with pytest.raises(InUseError), locked(tmp_path):
        pass
    os.close(copy)
    with locked(tmp_path):
        pass


def test_a_state_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be used"), locked(tmp_path / "file"):
        pass
