"""`attrai-batch` as it is where it is installed: without pandas, which tests have, and which Arrow loads where it finds it, in 1.6 s."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec

from attrai_batch.__main__ import main


class WithoutPandas:
    """Says that there is none."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if name == "pandas":
            raise ImportError(name)
        return None


def keep_pandas_out() -> None:
    """For the start of a process."""
    sys.meta_path.insert(0, WithoutPandas())


if __name__ == "__main__":
    keep_pandas_out()
    main()
