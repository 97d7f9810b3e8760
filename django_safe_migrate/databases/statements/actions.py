"""The actions of ALTER TABLE."""

from __future__ import annotations

import dataclasses

from django_safe_migrate.databases.statements.columns import (
    ColumnDefinition,
    ConstraintKind,
    Default,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action of an ALTER TABLE."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn(Action):
    """``position`` is ``first``, ``after`` or empty for the end."""

    column: ColumnDefinition
    position: str = ""
    if_not_exists: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn(Action):
    """A column and its values go away."""

    column: str
    cascade: bool = False
    if_exists: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RenameColumn(Action):
    """A column gets another name."""

    column: str
    new_name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumnType(Action):
    """``old_type`` is empty when only the catalogue knows it; ``using`` says that values are converted by an expression."""

    column: str
    type: str
    old_type: str = ""
    using: bool = False
    collation: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModifyColumn(Action):
    """MySQL's MODIFY or CHANGE: the whole definition anew; ``column`` is the old name; ``old`` is None when only the catalogue knows it."""

    column: str
    new: ColumnDefinition
    old: ColumnDefinition | None = None
    position: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SetNotNull(Action):
    """Existing rows may no longer hold NULL."""

    column: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DropNotNull(Action):
    """Rows may hold NULL from now on."""

    column: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SetDefault(Action):
    """New rows get another default; existing ones are not touched."""

    column: str
    default: Default = Default.CONSTANT


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DropDefault(Action):
    """New rows get no default any more."""

    column: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AddConstraint(Action):
    """``using_index`` names an existing index that becomes the constraint's; ``references`` the table of a foreign key."""

    kind: ConstraintKind
    name: str = ""
    columns: tuple[str, ...] = ()
    references: str = ""
    not_valid: bool = False
    using_index: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ValidateConstraint(Action):
    """Existing rows are checked against a constraint that was added without."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DropConstraint(Action):
    """``kind`` is ``UNKNOWN`` when only the catalogue knows it; ``references`` the table of a foreign key, where it is known."""

    name: str
    kind: ConstraintKind = ConstraintKind.UNKNOWN
    references: str = ""
    cascade: bool = False
    if_exists: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AddIndex(Action):
    """MySQL's ADD INDEX; ``kind`` is empty, ``unique``, ``fulltext`` or ``spatial``."""

    name: str
    columns: tuple[str, ...] = ()
    kind: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DropIndexAction(Action):
    """MySQL's ALTER TABLE ... DROP INDEX."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RenameTable(Action):
    """The table gets another name, or moves to another schema."""

    new_name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AttachPartition(Action):
    """A table becomes a partition of the altered one."""

    partition: str
    is_default: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DetachPartition(Action):
    """A partition becomes a table of its own."""

    partition: str
    concurrently: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OtherAction(Action):
    """
    Any other action, by its leading keywords in upper case, such as ``SET TABLESPACE``, ``OWNER TO`` or ``CONVERT TO CHARACTER SET``.

    ``column`` is set for those of ``ALTER COLUMN``, such as ``SET STATISTICS`` or ``ADD GENERATED``.
    """

    keywords: str
    column: str = ""
