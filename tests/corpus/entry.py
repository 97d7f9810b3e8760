"""An entry of the corpus: a pending migration and the truth about it on each vendor."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from django.db.migrations.operations.base import Operation

VENDORS = ("postgresql", "mariadb", "mysql", "sqlite")
LEVELS = ("info", "warning", "error")
_INNODB = ("mariadb", "mysql")


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """
    What must be said of an entry on one vendor, and why.

    ``required`` has the lowest level expected by hazard code, or by several codes joined with ``|`` of which one is enough; a matter of
    style or of what to know beforehand is a note (``info``), which nobody has to act on;
    ``tolerated`` says by code why reasonable reviewers differ.
    """

    because: str
    required: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tolerated: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether nothing has to be said but notes."""
        return all(level == "info" for level in self.required.values())

    @property
    def acceptable(self) -> frozenset[str]:
        """Every code that a finding may stand for."""
        required = {code for codes in self.required for code in codes.split("|")}
        return frozenset(required | set(self.tolerated))


@dataclasses.dataclass(frozen=True, slots=True)
class Pending:
    """One pending migration."""

    operations: tuple[Operation, ...]
    atomic: bool = True
    app_label: str = "shop"
    dependencies: tuple[tuple[str, str], ...] = (("shop", "0001_initial"),)
    name: str = "change"
    #: Whether it knows nothing of the pending migrations of its app before it.
    is_branch: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A small plan and the truth about it; ``before`` are operations on top of the shop that have been applied already."""

    id: str
    description: str
    migrations: tuple[Pending, ...]
    truth: Mapping[str, Truth]
    before: tuple[Operation, ...] = ()
    backwards: bool = False


def finds(
    because: str,
    required: Mapping[str, str] | None = None,
    *,
    tolerates: Mapping[str, str] | None = None,
    **codes: str,
) -> Truth:
    """Return the truth that these codes must be found at these levels at least."""
    return Truth(because, {**(required or {}), **codes}, tolerates or {})


def clean(because: str, *, tolerates: Mapping[str, str] | None = None) -> Truth:
    """Return the truth that nothing is worth a warning."""
    return Truth(because, {}, tolerates or {})


def on(
    *,
    every: Truth | None = None,
    innodb: Truth | None = None,
    **vendors: Truth,
) -> dict[str, Truth]:
    """Return the truth by vendor: ``every`` for all, replaced by ``innodb`` for MariaDB and MySQL, replaced by the vendor's own."""
    truths = dict.fromkeys(VENDORS, every) if every else {}
    truths |= dict.fromkeys(_INNODB, innodb) if innodb else {}
    truths |= vendors
    unknown = set(truths) - set(VENDORS)
    if unknown:
        raise ValueError(f"No such vendor: {sorted(unknown)}; there are {', '.join(VENDORS)}.")
    return {vendor: truth for vendor, truth in truths.items() if truth is not None}


def entry(
    id: str,
    description: str,
    *operations: Operation,
    truth: Mapping[str, Truth],
    migrations: tuple[Pending, ...] = (),
    before: tuple[Operation, ...] = (),
    backwards: bool = False,
    **pending: Any,
) -> Entry:
    """Return an entry of one migration of these operations, or of several ``migrations``."""
    if bool(operations) == bool(migrations):
        raise ValueError(f"{id} needs either operations or migrations.")
    return Entry(
        id=id,
        description=description,
        migrations=migrations or (Pending(operations, **pending),),
        truth=truth,
        before=before,
        backwards=backwards,
    )
