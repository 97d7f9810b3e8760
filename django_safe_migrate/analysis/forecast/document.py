"""What carrying out one migration means for a database: plain data, which every report renders and the record of a run keeps."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

from django_safe_migrate.databases.facts import Blocking, IndexBuild, TableLock
from django_safe_migrate.findings import Estimate


class Lasting(enum.IntEnum):
    """What keeps a lock from ending at once; the larger number is the longer work on the same table, ``UNKNOWN`` may be any."""

    INSTANT = 0
    READ = 1
    CHANGE = 2
    INDEX_BUILD = 3
    REWRITE = 4
    UNKNOWN = 5

    @property
    def label(self) -> str:
        """The word of JSON."""
        return self.name.lower()


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Work:
    """Something that takes the longer, the more rows a table has; an empty ``table`` is every table of the database, or not known."""

    lasting: Lasting
    table: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"kind": self.lasting.label, "table": self.table}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Work:
        """Rebuild it from what ``to_json`` gave."""
        return cls(Lasting[data["kind"].upper()], data["table"])


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLock:
    """
    A lock on an existing table, and how long it is held.

    ``works`` are what is done while it is held, without those of an instant; ``held`` says that it outlasts its own statement, because
    its transaction goes on with some of them. ``certain`` is false where the worst is taken for what is not known. ``estimate`` is how
    long that takes on the tables as they are, None when it is not known.
    """

    lock: TableLock
    works: tuple[Work, ...] = ()
    held: bool = False
    certain: bool = True
    estimate: Estimate | None = None

    @property
    def lasting(self) -> Lasting:
        """The longest of its works."""
        return max((work.lasting for work in self.works), default=Lasting.INSTANT)

    @property
    def seconds(self) -> float | None:
        """How long it is held, None when that is not known; an instant is none of them."""
        if not self.works:
            return 0.0
        return None if self.estimate is None else self.estimate.seconds

    @property
    def rank(self) -> tuple[int, int, float]:
        """Orders locks by what they cost others."""
        return self.lock.blocking, self.lasting, self.seconds or 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        estimate = self.estimate
        return {
            "table": self.lock.table,
            "mode": self.lock.mode,
            "blocks": self.lock.blocking.words,
            "lasts": self.lasting.label,
            "until_transaction_ends": self.held,
            "works": [work.to_json() for work in self.works],
            "certain": self.certain,
            "seconds": self.seconds,
            "estimate": None if estimate is None else dataclasses.asdict(estimate),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ForecastLock:
        """Rebuild it from what ``to_json`` gave."""
        blocking = Blocking[data["blocks"].upper().replace(" ", "_")]
        estimate = data["estimate"]
        return cls(
            lock=TableLock(data["table"], data["mode"], blocking),
            works=tuple(Work.from_json(work) for work in data["works"]),
            held=data["until_transaction_ends"],
            certain=data["certain"],
            estimate=None if estimate is None else Estimate.from_json(estimate),
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed:
    """Data that go away: ``what`` is a clause such as ``Destroys column note of shop_order (12 rows with a value)``."""

    what: str
    table: str = ""
    column: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What cannot be told: of which part of the migration, and why."""

    part: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PreviousRelease:
    """What becomes of the release that still runs: names of rules that find harm to it; ``allowed`` are those that somebody allowed."""

    rules: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    @property
    def survives(self) -> bool:
        """Whether no rule sees harm."""
        return not (self.rules or self.allowed)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "survives": self.survives,
            "rules": list(self.rules),
            "allowed": list(self.allowed),
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GoingBack:
    """What undoing the migration cannot do, what it loses, what it locks, and what of that is not known; clauses."""

    irreversible: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    locks: tuple[ForecastLock, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def capability(self) -> str:
        """lossless, lossy or impossible."""
        if self.irreversible:
            return "impossible"
        return "lossy" if self.losses else "lossless"

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "capability": self.capability,
            "irreversible": list(self.irreversible),
            "losses": list(self.losses),
            "locks": [lock.to_json() for lock in self.locks],
            "unknown": list(self.unknown),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GoingBack:
        """Rebuild it from what ``to_json`` gave."""
        return cls(
            irreversible=tuple(data["irreversible"]),
            losses=tuple(data["losses"]),
            locks=tuple(map(ForecastLock.from_json, data["locks"])),
            unknown=tuple(data["unknown"]),
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """
    What one migration will do.

    ``atomic`` says that it is one transaction, of which a failure leaves nothing; ``statements`` is how many statements are known to be
    executed, ``functions`` how many functions of Python. ``rewrites``, ``scans`` and ``index_builds`` are those of
    existing tables, ``writes`` the existing tables whose rows are changed. ``waits`` says that it waits for every older
    transaction. ``refused`` is why the server refuses a statement. ``previous_release`` and ``going_back`` are None of a migration that
    is unapplied. ``estimate`` is all its work together, None when that is not known.
    """

    migration: str
    atomic: bool
    statements: int
    functions: int
    locks: tuple[ForecastLock, ...] = ()
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    index_builds: tuple[IndexBuild, ...] = ()
    writes: tuple[str, ...] = ()
    waits: bool = False
    unknown: tuple[Unknown, ...] = ()
    refused: tuple[str, ...] = ()
    destroys: tuple[Destroyed, ...] = ()
    previous_release: PreviousRelease | None = None
    going_back: GoingBack | None = None
    estimate: Estimate | None = None

    @property
    def longest_block(self) -> ForecastLock | None:
        """The lock that keeps people from reading or writing for the longest known time; None without any."""
        blocking = [lock for lock in self.locks if lock.lock.blocking >= Blocking.WRITES]
        known = [lock for lock in blocking if lock.seconds is not None]
        return max(known, key=lambda lock: (lock.seconds or 0.0, lock.rank), default=None)

    @property
    def blocks_unknown(self) -> bool:
        """Whether it may keep people from reading or writing for a time that is not known."""
        return bool(self.unknown) or any(
            lock.seconds is None and lock.lock.blocking >= Blocking.WRITES for lock in self.locks
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain data for the journal, the record and reports."""
        back, release, estimate = self.going_back, self.previous_release, self.estimate
        return {
            "migration": self.migration,
            "atomic": self.atomic,
            "statements": self.statements,
            "functions": self.functions,
            "locks": [lock.to_json() for lock in self.locks],
            "rewrites": list(self.rewrites),
            "scans": list(self.scans),
            "index_builds": [dataclasses.asdict(build) for build in self.index_builds],
            "writes": list(self.writes),
            "waits_for_transactions": self.waits,
            "unknown": [dataclasses.asdict(one) for one in self.unknown],
            "refused": list(self.refused),
            "destroys": [dataclasses.asdict(one) for one in self.destroys],
            "previous_release": None if release is None else release.to_json(),
            "going_back": None if back is None else back.to_json(),
            "estimate": None if estimate is None else dataclasses.asdict(estimate),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Forecast:
        """Rebuild a forecast from what ``to_json`` gave."""
        back, release, estimate = (
            data[name] for name in ("going_back", "previous_release", "estimate")
        )
        return cls(
            migration=data["migration"],
            atomic=data["atomic"],
            statements=data["statements"],
            functions=data["functions"],
            locks=tuple(map(ForecastLock.from_json, data["locks"])),
            **{name: tuple(data[name]) for name in _TEXTS},
            index_builds=tuple(IndexBuild(**build) for build in data["index_builds"]),
            waits=data["waits_for_transactions"],
            unknown=tuple(Unknown(**one) for one in data["unknown"]),
            destroys=tuple(Destroyed(**one) for one in data["destroys"]),
            previous_release=None if release is None else _release(release),
            going_back=None if back is None else GoingBack.from_json(back),
            estimate=None if estimate is None else Estimate.from_json(estimate),
        )


_TEXTS = ("rewrites", "scans", "writes", "refused")


def _release(data: dict[str, Any]) -> PreviousRelease:
    return PreviousRelease(rules=tuple(data["rules"]), allowed=tuple(data["allowed"]))
