"""What a function of a migration does, as far as reading it tells: a list of uses, each with the line where it happens."""

from __future__ import annotations

import ast
import dataclasses

from django_safe_migrate.analysis.reading_python.vendors import ANY, Vendors


@dataclasses.dataclass(frozen=True, slots=True)
class ModelName:
    """A model by the names that ``apps.get_model`` takes; ``historical`` is false for today's class."""

    app_label: str
    name: str
    historical: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """The model's key in ``ProjectState.models``."""
        return self.app_label, self.name.lower()

    @property
    def label(self) -> str:
        """The model as ``app_label.Model``."""
        return f"{self.app_label}.{self.name}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """
    Something that a function does.

    ``guarded`` is true where it looks first whether that is possible; ``vendors`` are those on which the line is reached.
    """

    file: str
    line: int
    guarded: bool = False
    vendors: Vendors = ANY


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModelTaken(Use):
    """``apps.get_model`` of a model; ``sure`` when nothing decides before it whether it is reached."""

    model: ModelName
    sure: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TodaysModelUsed(Use):
    """A query on, or a new object of, the model class as it is today; ``method`` is what is called, empty for a new object."""

    model: ModelName
    method: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RowsLoaded(Use):
    """
    Every row of a table becomes an object in memory; ``source`` is the code of the queryset.

    ``filtered`` when it has a condition that may leave nearly all of them.
    """

    model: ModelName
    source: str
    iterated: bool
    filtered: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Written(Use):
    """
    Rows are written.

    ``method`` is that of the queryset or the row; ``whole_table`` when no condition limits it; ``per_row`` when the ``loop`` over rows does
    it for each; ``unbatched`` when it is a bulk method without ``batch_size`` over what may be every row of a table;
    ``repeated`` when a loop over rows, or one with an open end, does it, for each or for a batch of them; ``chosen_database`` when the
    code says which database; ``source`` is the code of what it is called on, ``arguments`` that of its arguments, ``names`` those of
    the keywords among them.
    """

    model: ModelName
    method: str
    source: str
    arguments: str = ""
    names: tuple[str, ...] = ()
    whole_table: bool = False
    per_row: bool = False
    unbatched: bool = False
    chosen_database: bool = False
    loop: RowLoop | None = None
    repeated: bool = False

    @property
    def is_of_many_rows(self) -> bool:
        """Whether what may be every row of a table is written, at once or bit by bit."""
        return self.whole_table or self.per_row or self.unbatched or self.repeated


@dataclasses.dataclass(frozen=True, slots=True)
class RowLoop:
    """A loop over rows: the code of its target and of what it goes through, and the loop itself."""

    model: ModelName
    target: str
    source: str
    node: ast.AST | None = dataclasses.field(default=None, compare=False, repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FieldNamed(Use):
    """A queryset names a field of its model; ``known`` are the names that the queryset itself has made."""

    model: ModelName
    method: str
    name: str
    known: frozenset[str] = frozenset()
    sure: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SQLExecuted(Use):
    """
    SQL is executed.

    ``columns`` are those whose values of rows are written into its text; ``text`` is all of it where it is a constant, otherwise empty;
    ``source`` is the code of it.
    """

    columns: tuple[tuple[ModelName, str], ...]
    source: str
    text: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NetworkUsed(Use):
    """Something outside the database is called; ``what`` is the called name, ``kind`` what it stands for."""

    what: str
    kind: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseChosen(Use):
    """The code says which database it means, or hands on what says it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable(Use):
    """A function whose source cannot be found, so that nothing is known about it."""

    reason: str
