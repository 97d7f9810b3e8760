"""What the reader knows about a value of the code that it reads; None stands for a value of which it knows nothing."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_safe_migrate.analysis.reading_python.uses import ModelName
from django_safe_migrate.analysis.reading_python.vendors import VendorTest

if TYPE_CHECKING:
    from django_safe_migrate.analysis.reading_python.sources import Source


@dataclasses.dataclass(frozen=True, slots=True)
class Registry:
    """The historical ``apps``, or today's."""

    historical: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Editor:
    """The schema editor."""


@dataclasses.dataclass(frozen=True, slots=True)
class Connection:
    """A connection, which can execute SQL; a cursor is as good."""


@dataclasses.dataclass(frozen=True, slots=True)
class Alias:
    """The alias of the database that is migrated."""


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    """A model class."""

    name: ModelName


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """
    A manager or queryset.

    ``filtered`` when it has any condition; ``narrow`` when the condition may leave few rows, or nobody knows which; ``slice`` when it is
    one part of the rows, ``single`` when that is one row; ``streamed`` after ``iterator()``; ``chosen_database`` after ``using()``; ``columns`` are what ``values()`` names; ``plain`` when its rows are not objects;
    ``made`` are names of annotations; ``known`` when every method in the chain is one of Django's.
    """

    model: ModelName | None
    filtered: bool = False
    narrow: bool = False
    slice: bool = False
    single: bool = False
    streamed: bool = False
    chosen_database: bool = False
    plain: bool = False
    flat: bool = False
    columns: tuple[str, ...] = ()
    made: frozenset[str] = frozenset()
    known: bool = True

    def unsure(self) -> Query:
        """The queryset after something that the reader does not know."""
        return dataclasses.replace(self, filtered=True, narrow=True, known=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """An object of a model."""

    model: ModelName
    chosen_database: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    """One row of ``values()`` or ``values_list()``."""

    model: ModelName
    columns: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """The value that a row has in a column, or what a row is related to."""

    model: ModelName
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Many:
    """A list, or anything that can be iterated: ``large`` when it may have as many items as a table has rows, unless a ``batch``."""

    item: Value
    large: bool = False
    batch: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Pages:
    """A ``Paginator`` over rows."""

    query: Query | Many


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One page of a ``Paginator``."""

    items: Many


@dataclasses.dataclass(frozen=True, slots=True)
class Constant:
    """A value that is written in the code."""

    value: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Composed:
    """A text with values of columns in it."""

    columns: tuple[Column, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Function:
    """A function of the project that can be followed; ``scope`` has the variables around a nested one."""

    source: Source
    scope: dict[str, Value] | None = dataclasses.field(default=None, compare=False)
    bound: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Method:
    """A method of a known value, not called yet; ``source`` is the code of the value."""

    of: Value
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Thing:
    """A module, class, function or object of another module, by its dotted name; ``real`` is it where it is loaded."""

    dotted: str
    real: Any = dataclasses.field(default=None, compare=False)
    origin: str = ""


Value = (
    Registry
    | Editor
    | Connection
    | Alias
    | Model
    | Query
    | Row
    | Plain
    | Column
    | Many
    | Pages
    | Page
    | Constant
    | Composed
    | Function
    | Method
    | Thing
    | VendorTest
    | None
)

Evaluate = Callable[[ast.expr], Value]
Variables = dict[str, Value]


def merged(one: Value, other: Value) -> Value:
    """Return what is known of a variable after a branch that may have been taken or not."""
    if one == other:
        return one
    if isinstance(one, Query) and isinstance(other, Query) and one.model == other.model:
        return Query(
            one.model,
            filtered=one.filtered or other.filtered,
            narrow=one.narrow or other.narrow,
            slice=one.slice or other.slice,
            single=one.single and other.single,
            streamed=one.streamed or other.streamed,
            chosen_database=one.chosen_database or other.chosen_database,
            plain=one.plain or other.plain,
            flat=one.flat or other.flat,
            made=one.made | other.made,
            known=False,
        )
    if isinstance(one, Many) and isinstance(other, Many):
        return Many(
            merged(one.item, other.item), one.large and other.large, one.batch or other.batch
        )
    return None
