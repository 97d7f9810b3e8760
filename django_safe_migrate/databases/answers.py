"""What a database answers with: plain data, without rows."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows a table holds, and whether that was counted or is the server's estimate."""

    rows: int
    exact: bool


@dataclasses.dataclass(frozen=True, slots=True)
class TableSize:
    """Rows of a table, and whether they were counted; bytes of its rows on disk, and of all its indexes together."""

    rows: int
    exact: bool
    data_bytes: int
    index_bytes: int


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """Another session of the server; ``seconds`` is the age of its transaction, ``query`` has its values removed."""

    pid: str
    user: str
    application: str
    state: str
    seconds: float
    query: str


@dataclasses.dataclass(frozen=True, slots=True)
class Replication:
    """Whether this server is a replica, and the lag in seconds of each replica that it or we know of."""

    is_replica: bool = False
    lags: tuple[tuple[str, float], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key as the server has it."""

    name: str
    table: str
    columns: tuple[str, ...]
    referenced_table: str
    referenced_columns: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class BrokenForeignKey:
    """A foreign key and how many rows of its table point nowhere; the rows themselves are not kept."""

    foreign_key: ForeignKey
    rows: int
