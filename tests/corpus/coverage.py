"""
Every hazard that is known, with where it exists, what is no hazard although it looks like it, or who else sees to it.

The codes are those of `tests/corpus/__init__.py`. Which rules stand for a hazard is in `rule_hazards.py`, and which entries are hazardous
is in their truth. `test_coverage.py` holds all of it against each other, so that a hole cannot hide.
"""

from __future__ import annotations

import dataclasses

from tests.corpus.entry import VENDORS

P = ("postgresql",)
INNODB = ("mariadb", "mysql")
SERVERS = (*P, *INNODB)


@dataclasses.dataclass(frozen=True, slots=True)
class Hazard:
    """
    A hazard: ``vendors`` on which it exists, and ``harmless`` entries that come close to it.

    ``elsewhere`` is the module of the package that sees to it where no rule does; ``none`` is why nobody
    has to.
    """

    what: str
    vendors: tuple[str, ...] = VENDORS
    harmless: tuple[str, ...] = ()
    elsewhere: str = ""
    none: str = ""


def _rule(what: str, *harmless: str, on: tuple[str, ...] = VENDORS) -> Hazard:
    return Hazard(what, on, harmless)


def _other(what: str, elsewhere: str) -> Hazard:
    return Hazard(what, elsewhere=elsewhere)


def _none(what: str, why: str) -> Hazard:
    return Hazard(what, none=why)


HAZARDS: dict[str, Hazard] = {
    # --- data that is lost ------------------------------------------------------------------------------------------------------
    "A1": _rule("drop column", "state-only-drop-nullable", "sql-comment-drop-table"),
    "A2": _rule("drop table", "state-only-delete-model", "sql-string-drop-table"),
    "A3": _rule("truncate, or delete all", "sql-delete-one", "sql-on-another-vendor"),
    "A4": _rule("drop schema or database", "sql-comment-drop-table", on=SERVERS),
    "A5": _rule("rename as remove and add", "rename-field-same-column"),
    "A6": _rule("the way back loses data", "undo-choices"),
    "A7": _rule("the way back fails or blocks", "undo-choices", "undo-python-noop"),
    "A8": _rule("drop of a generated column's source", "drop-not-null-column", on=P),
    "RL": _rule("going back loses data", "undo-choices", "undo-add-check"),
    # --- code that still runs ---------------------------------------------------------------------------------------------------
    "B1": _rule("rename column", "rename-field-same-column"),
    "B2": _rule("rename table", "rename-model-pinned-table", "alter-table-name-to-its-own"),
    "B3": _rule("NOT NULL without a default", "add-column-db-default"),
    "B4": _rule("NOT NULL with a default of Python", "add-nullable-column-python-default"),
    "B5": _rule("NULL to NOT NULL", "change-python-default", "add-db-default"),
    "B6": _rule("INSERTs fail on a column that stays", "state-only-drop-db-default"),
    "B7": _rule("NULL is allowed", "change-choices"),
    "B8": _rule("default of the database removed", "change-python-default", "add-db-default"),
    "B9": _rule("both halves at once", "state-only-drop-nullable"),
    "B10": _other("type change of a renamed model", "analysis.so_far"),
    # --- locks and rewrites -----------------------------------------------------------------------------------------------------
    "C1": _rule("index", "add-index-concurrently", "add-index-of-new-table", on=P),
    "C2": _rule("index after ALTER", "add-index-concurrently", on=P),
    "C3": _rule("drop index", "remove-index-concurrently", on=P),
    "C4": _rule("reindex", "sql-reindex-concurrently", on=P),
    "C5": _rule("index that comes with a field", "add-nullable-column", on=P),
    "C6": _rule("unique on existing rows", "add-unique-to-new-table", "alter-constraint-message"),
    "C7": _rule("unique_together", "add-unique-constraint"),
    "C8": _rule("foreign key checked at once", "add-foreign-key-without-constraint", on=SERVERS),
    "C9": _rule("CHECK checked at once", "remove-check", on=SERVERS),
    "C10": _rule("constraint by SQL", "sql-drop-constraint", on=SERVERS),
    "C11": _rule("exclusion constraint", "add-check-not-valid", on=P),
    "C12": _rule("type change", "widen-varchar", "widen-unique-varchar", on=SERVERS),
    "C13": _rule("narrower type", "widen-varchar", on=SERVERS),
    "C14": _rule("volatile default", "add-column-db-default", on=SERVERS),
    "C15": _rule("stored generated column", "add-json-nullable", on=SERVERS),
    "C16": _rule("unique with one default for all", "add-nullable-column"),
    "C17": _rule("tablespace", "sql-housekeeping", on=P),
    "C18": _rule("not allowed in a transaction", "add-index-concurrently", on=P),
    "C19": _rule("many heavy changes of one table", "two-columns-of-one-table", on=SERVERS),
    "C20": _rule("lock timeout switched off", "sql-own-lock-timeout", on=P),
    "C21": _other("no timeouts", "execution.limits"),
    "C22": _rule("enum value used at once", "sql-enum-value-used-later", on=P),
    "PK": _rule("primary key changed", "change-choices"),
    "W1": _rule("table copied on SQLite", "add-nullable-column", on=("sqlite",)),
    # --- data migrations --------------------------------------------------------------------------------------------------------
    "D1": _rule("Python without a way back", "three-rows"),
    "D2": _rule("SQL without a way back", "sql-insert"),
    "D3": _rule("model imported", "correct-one-row"),
    "D4": _rule("names of arguments", "correct-one-row"),
    "D5": _rule("all rows in memory", "bulk-update-in-batches"),
    "D6": _rule("slow data migration", "sql-update-batch", on=SERVERS),
    "D7": _rule("schema and data in one transaction", "expand-then-fill", on=P),
    "D8": _rule("BEGIN or COMMIT", "sql-insert", on=("postgresql", "sqlite")),
    "D9": _rule("SQL out of values", "sql-parameters-of-rows"),
    "D10": _rule("no IF EXISTS", "sql-repeatable"),
    "D11": _rule("cannot be run again", "batches", "sql-repeatable"),
    "N1": _rule("half done on failure", "two-tables-in-two-migrations"),
    "P2": _rule("save per row", "bulk-update-in-batches"),
    "P3": _rule("bulk without batch size", "bulk-create-in-batches", on=SERVERS),
    "P4": _rule("whole table", "batches", on=SERVERS),
    "P5": _rule("network", "correct-one-row"),
    "O3": _other(
        "another database than the one migrated", "analysis.rules.run_python_ignores_database_alias"
    ),
    "O4": _rule("unknown field", "correct-one-row"),
    "S1": _rule(
        "session setting stays",
        "session-setting-of-the-transaction",
        "session-setting-given-back-innodb",
        on=SERVERS,
    ),
    "SX": _rule("not understood", "sql-noop"),
    # --- the shape of transactions ----------------------------------------------------------------------------------------------
    "T2": _rule("55006, pending trigger events", "two-columns-of-one-table", on=P),
    "T4": _rule("VALIDATE with NOT VALID", "add-check-and-validate", on=P),
    "T5": _rule("several busy tables", "two-tables-in-two-migrations", on=P),
    "MX": _rule("additive and destructive", "two-columns-of-one-table"),
    # --- order, history, hygiene ------------------------------------------------------------------------------------------------
    "E1": _other("several leaves", "checking.conflicts"),
    "E2": _other("max_migration.txt", "checking.max_migration"),
    "E3": _other("mixed deployment stages", "analysis.rules.mixed_deployment_stages"),
    "E4": _rule("automatic name", "add-nullable-column"),
    "E5": _other("applied, and its file is gone", "environment.history"),
    "E6": _other("gaps, half-applied squashes, order of records", "checking.recorded"),
    "E7": _other("tables and columns that differ", "verification.schema"),
    "E8": _none(
        "names of keys and constraints",
        "Django finds constraints by their columns and not by their names, so that another name harms nobody; a name that is taken "
        "is refused by Django's own checks (models.E028, E029 to E032).",
    ),
    "E9": _other("the file differs from what was applied", "checking.edited"),
    "E10": _rule(
        "missing dependency", "field-of-another-app", "sql-on-table-of-the-migration-before"
    ),
    "O1": _rule("SQL on a table that comes later", "sql-of-another-app"),
    "O2": _rule("model that comes later", "model-of-another-app"),
    # --- modelling --------------------------------------------------------------------------------------------------------------
    "F1": _rule("32-bit key", "create-and-extend", on=SERVERS),
    "F2": _none("reserved word as a column", "Django quotes every name; it is a matter of taste."),
    "F3": _rule("foreign key without index", "add-nullable-column", on=("postgresql", "sqlite")),
    "F4": _none(
        "table between", "It is new, and nobody waits for it; its foreign keys are C8 and T5."
    ),
    "F5": _none(
        "CharField or TextField",
        "Neither loses anything; changing one into the other is C12 and C13.",
    ),
    "F6": _none(
        "naive times",
        "USE_TZ is a setting of the project; a change of the column's type is C12 and C13.",
    ),
    "F7": _none(
        "IDENTITY",
        "Django has made identity columns since 4.1; a change of the key's type is C12 and PK.",
    ),
    "F8": _rule("composite primary key", "change-choices"),
}
