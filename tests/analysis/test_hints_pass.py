"""What a hint recommends is code that runs, and that the rules themselves do not object to."""

from __future__ import annotations

import ast
import dataclasses
import itertools
import linecache
import uuid
from typing import Any

import django.db.models.deletion
import pytest
from django.contrib.postgres import operations as postgresql
from django.db import migrations, models
from django.db.migrations import operations
from django.db.migrations.operations.base import Operation

import tests
from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from tests.analysis.lint import findings, initial, migration, plan_of, state_after, vendor
from tests.corpus.judge import all_entries, found_on
from tests.corpus.judge import cases as corpus_cases

COUNT = itertools.count()


def nothing(apps: Any, schema_editor: Any) -> None:
    """Stands for a data migration."""


NAMES = {
    "uuid": uuid,
    "nothing": nothing,
    "tests": tests,
    "django": django,
    "migrations": migrations,
    "models": models,
    "AddConstraintNotValid": postgresql.AddConstraintNotValid,
    "AddIndexConcurrently": postgresql.AddIndexConcurrently,
    "RemoveIndexConcurrently": postgresql.RemoveIndexConcurrently,
    "ValidateConstraint": postgresql.ValidateConstraint,
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A rule, what it objects to, and whether the operations can follow once the hint was carried out."""

    rule: str
    ops: tuple[Operation, ...]
    added: tuple[Operation, ...] = ()
    then: bool = False


def case(rule: str, *ops: Operation, **options: Any) -> Any:
    return pytest.param(Case(rule, ops, **options), id=rule)


def remove(name: str) -> Operation:
    return operations.RemoveField("order", name)


def add(field: Any, name: str = "x") -> Operation:
    return operations.AddField("order", name, field)


NULLABLE = add(models.TextField(null=True))
CHECK = models.CheckConstraint(condition=models.Q(number__gt=0), name="c")
TWICE = models.GeneratedField(
    expression=models.F("number") * 2, output_field=models.IntegerField(), db_persist=True
)
FORGET = operations.SeparateDatabaseAndState([], [remove("number")])
DROP = operations.RunSQL("ALTER TABLE shop_order DROP COLUMN note", operations.RunSQL.noop)

CASES = [
    case("drop_column", remove("note")),
    case("drop_column", remove("number")),
    case("drop_column", remove("customer")),
    case("drop_table", operations.DeleteModel("Pinned")),
    case(
        "drop_without_release_between",
        operations.SeparateDatabaseAndState([DROP], [remove("note")]),
    ),
    case("remove_not_null_field", FORGET, then=True),
    case("rename_column", operations.RenameField("order", "note", "remark")),
    case("rename_column", operations.RenameField("order", "customer", "buyer")),
    case("rename_table", operations.RenameModel("Customer", "Client")),
    case("field_replaced", remove("note"), add(models.TextField(null=True))),
    case("add_not_null", add(models.IntegerField(default=3))),
    case("add_not_null", add(models.CharField(max_length=9, blank=True))),
    case("add_not_null", add(models.JSONField(default=dict))),
    case("set_not_null", operations.AlterField("order", "note", models.TextField())),
    case("set_not_null", operations.AlterField("order", "note", models.TextField(default="x"))),
    case("set_not_null", operations.AlterField("order", "note", models.TextField(db_default=""))),
    case(
        "set_not_null",
        operations.AlterField("order", "customer_ref", models.BigIntegerField(default=int)),
    ),
    case(
        "set_not_null",
        operations.AlterField("order", "buyer", models.ForeignKey("Customer", models.CASCADE)),
        added=(
            add(
                models.ForeignKey("Customer", models.CASCADE, null=True, related_name="+"),
                "buyer",
            ),
        ),
    ),
    case(
        "remove_db_default",
        operations.AlterField("order", "x", models.IntegerField(default=3)),
        added=(add(models.IntegerField(db_default=3)),),
    ),
    case(
        "drop_generated_source",
        remove("number"),
        added=(add(TWICE, "twice"),),
        then=True,
    ),
    case(
        "add_unique",
        operations.AddConstraint("order", models.UniqueConstraint(fields=["number"], name="u")),
    ),
    case("add_unique", operations.AlterField("order", "number", models.IntegerField(unique=True))),
    case(
        "add_unique",
        operations.AlterField("order", "title", models.CharField(max_length=100, unique=True)),
    ),
    case("add_unique", operations.AlterUniqueTogether("order", {("number", "title")})),
    case(
        "add_foreign_key_validating",
        operations.AlterField(
            "order", "buyer", models.ForeignKey("Customer", models.CASCADE, null=True)
        ),
        added=(
            add(
                models.ForeignKey("Customer", models.CASCADE, null=True, db_constraint=False),
                "buyer",
            ),
        ),
    ),
    case(
        "run_sql_blocking",
        operations.RunSQL("CREATE INDEX i ON shop_order (number)", "DROP INDEX i"),
    ),
    case(
        "run_sql_blocking",
        operations.RunSQL(
            "ALTER TABLE shop_order ADD CONSTRAINT c CHECK (number > 0)",
            "ALTER TABLE shop_order DROP CONSTRAINT c",
        ),
    ),
    case("run_python_without_reverse", operations.RunPython(nothing)),
    case(
        "run_sql_without_reverse", operations.RunSQL("UPDATE shop_order SET state = 1 WHERE id = 7")
    ),
    case("add_check_validating", operations.AddConstraint("order", CHECK)),
    case(
        "add_index_without_concurrently",
        operations.AddIndex("order", models.Index(fields=["number"], name="n")),
    ),
    case("remove_index_without_concurrently", operations.RemoveIndex("order", "title_idx")),
    case(
        "index_after_alter",
        NULLABLE,
        operations.AddIndex("order", models.Index(fields=["number"], name="n")),
    ),
    case(
        "validate_in_same_transaction",
        NULLABLE,
        postgresql.ValidateConstraint("order", "c"),
        added=(postgresql.AddConstraintNotValid("order", CHECK),),
    ),
]


def recommended(hint: str) -> list[list[Operation]]:
    """The operations in each paragraph of a hint that is code; each paragraph is a migration, or a function that the next ones run."""
    found = []
    names = dict(NAMES)
    for paragraph in hint.split("\n\n"):
        if paragraph.startswith("def ") and "\n" in paragraph:
            names |= functions(paragraph)
            continue
        text = f"[{paragraph}]"
        try:
            ast.parse(text, mode="eval")
        except SyntaxError:
            continue
        made = eval(text, names)  # noqa: S307 - a hint of ours
        assert all(isinstance(one, Operation) for one in made), paragraph
        found.append(made)
    return found


def functions(text: str) -> dict[str, Any]:
    """The functions of a paragraph, whose source can be read like that of any other."""
    file, made = f"<hint {next(COUNT)}>", {}
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), dict(NAMES), made)  # noqa: S102 - a hint of ours
    return made


def runs_alone(ops: list[Operation]) -> bool:
    """Whether the hint says that the migration is not one transaction."""
    return is_concurrent(ops) or any(isinstance(one, operations.RunPython) for one in ops)


def is_concurrent(ops: list[Operation]) -> bool:
    return any(
        isinstance(one, postgresql.NotInTransactionMixin)
        or (isinstance(one, operations.RunSQL) and "CONCURRENTLY" in str(one.sql))
        for one in ops
    )


@pytest.mark.parametrize("case", CASES)
def test_what_the_hint_recommends_is_clean(case: Case) -> None:
    before = [*initial(), *case.added]
    found = [one for one in findings(case.ops, before=before) if one.rule == case.rule]
    assert found, "The rule has nothing to say about what the hint is for."
    blocks = recommended(found[0].hint)
    assert blocks, f"There is no code in this hint:\n{found[0].hint}"
    steps = [*blocks, list(case.ops)] if case.then else blocks
    plan = plan_of(
        *(
            migration(ops, f"{number:04}_step", atomic=not runs_alone(ops))
            for number, ops in enumerate(steps, 2)
        )
    )
    with vendor("postgresql"):
        left = analyse(plan, None, state_after(before), conf.load())
    assert [one.message for one in left if one.rule == case.rule] == []
    last = plan.steps[-1].label
    assert [
        (one.rule, one.message)
        for one in left
        if one.is_blocking and not (case.then and one.migration == last)
    ] == []


#: A piece to put between two operations of the migration, with which its own tests do that.
PIECES = {"pending_trigger_events"}
#: Their hints are the body of a function, which the tests of the rules themselves carry out or show to the other rules.
OF_FUNCTIONS = {
    "run_python_bulk_without_batch_size",
    "run_python_loads_all_rows",
    "run_python_saves_in_loop",
    "run_python_sql_from_text",
    "run_python_updates_whole_table",
    "run_sql_whole_table_write",
}


def has_code(hint: str) -> bool:
    try:
        return bool(recommended(hint))
    except NameError:  # a function of the project, which is not known here
        return True


def test_every_rule_that_recommends_code_is_tested_above() -> None:
    giving = {
        finding.rule
        for entry, on in corpus_cases(all_entries())
        if on == "postgresql"
        for finding in found_on(entry, on)
        if has_code(finding.hint)
    }
    assert len(giving) > 15
    assert giving - {one.values[0].rule for one in CASES} - OF_FUNCTIONS - PIECES == set()
