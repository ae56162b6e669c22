"""`attrai-batch` as installed: without pandas, which the test environment has and which Arrow would load in 1.6 s."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec

from attrai_batch.__main__ import main


class WithoutPandas:
    """Refuses to import pandas."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if name == "pandas":
            raise ImportError(name)
        return None


def keep_pandas_out() -> None:
    """Install the finder; call it when a process starts."""
    sys.meta_path.insert(0, WithoutPandas())


if __name__ == "__main__":
    keep_pandas_out()
    main()
