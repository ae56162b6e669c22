"""Tables of pydantic rows in SQLite. In a file they survive a kill of the server."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

Row = TypeVar("Row", bound=BaseModel)
Key = TypeVar("Key", int, str)

_COLUMN = {int: "INTEGER PRIMARY KEY AUTOINCREMENT", str: "TEXT PRIMARY KEY"}


def connect(path: Path | None) -> sqlite3.Connection:
    """A connection that commits each statement; in memory without a path.

    A write survives a kill of the process as soon as it returns, but not a power failure.
    """
    connection = sqlite3.connect(path or ":memory:", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    return connection


class Table(Generic[Key, Row]):
    """Rows by key, in key order. `part` (a chat id) selects some of them."""

    def __init__(self, database: sqlite3.Connection, name: str, key: type[Key], row: type[Row]) -> None:
        self._database, self._name, self._row = database, name, row
        database.execute(f"CREATE TABLE IF NOT EXISTS {name} (key {_COLUMN[key]}, part INTEGER, json TEXT NOT NULL)")
        database.execute(f"CREATE INDEX IF NOT EXISTS {name}_by_part ON {name} (part)")

    def get(self, key: Key) -> Row | None:
        found = self._database.execute(f"SELECT json FROM {self._name} WHERE key = ?", (key,)).fetchone()  # noqa: S608 -- names are ours
        return None if found is None else self._row.model_validate_json(found[0])

    def put(self, key: Key, row: Row, part: int | None = None) -> None:
        statement = f"INSERT OR REPLACE INTO {self._name} (key, part, json) VALUES (?, ?, ?)"  # noqa: S608 -- names are ours
        self._database.execute(statement, (key, part, _text(row)))

    def next_key(self) -> int:
        """The key after the highest ever used in this table of integer keys."""
        found = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (self._name,)).fetchone()
        return 1 if found is None else int(found[0]) + 1

    def remove(self, key: Key) -> None:
        self._database.execute(f"DELETE FROM {self._name} WHERE key = ?", (key,))  # noqa: S608 -- names are ours

    def rows(self, after: Key | None = None, part: int | None = None) -> Iterator[Row]:
        """The rows with keys above `after`."""
        statement = (
            f"SELECT json FROM {self._name} WHERE (?1 IS NULL OR key > ?1) AND (?2 IS NULL OR part = ?2) ORDER BY key"  # noqa: S608 -- names are ours
        )
        for (text,) in self._database.execute(statement, (after, part)).fetchall():
            yield self._row.model_validate_json(text)

    def __len__(self) -> int:
        return int(self._database.execute(f"SELECT count(*) FROM {self._name}").fetchone()[0])  # noqa: S608 -- names are ours


def _text(row: BaseModel) -> str:
    return row.model_dump_json(by_alias=True, exclude_none=True)
