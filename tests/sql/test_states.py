from __future__ import annotations

from django.db import connection, models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from django_safe_migrate.sql.states import advance, advance_migration, fork, state_of
from tests.analysis.lint import initial, migration, state_after


def applied(ops):
    """The state as Django puts it together, on operations of its own."""
    state = ProjectState()
    for operation in ops:
        operation.state_forwards("shop", state)
    return state


CHANGES = [
    operations.AddField("Order", "x", models.IntegerField(default=1), preserve_default=False),
    operations.AlterField("Order", "number", models.BigIntegerField()),
    operations.RenameField("Order", "number", "nr"),
    operations.RemoveField("Order", "title"),
    operations.RenameModel("Customer", "Client"),
    operations.AddIndex("Order", models.Index(fields=["nr"], name="nr_idx")),
    operations.AddConstraint("Order", models.UniqueConstraint(fields=["nr"], name="nr_unique")),
    operations.AlterUniqueTogether("Order", {("nr", "code")}),
    operations.AlterModelOptions("Order", {"verbose_name": "order"}),
    operations.AlterModelManagers("Order", []),
    operations.DeleteModel("Tag"),
    operations.SeparateDatabaseAndState([], [operations.DeleteModel("Pinned")]),
]


def test_each_state_is_what_django_makes_of_it():
    state = state_after(initial())
    for number, change in enumerate(CHANGES, start=1):
        state = advance(state, change, "shop")
        assert state == applied([*initial(), *CHANGES[:number]])


def test_an_earlier_state_stays_as_it_was():
    states = [state_after(initial())]
    for change in CHANGES:
        states.append(advance(states[-1], change, "shop"))
    for number, state in enumerate(states):
        assert state == applied([*initial(), *CHANGES[:number]])


def test_nothing_is_rendered():
    state = advance_migration(state_after(initial()), migration(CHANGES))
    assert "apps" not in state.__dict__


def test_fork_of_a_rendered_state_is_not_rendered():
    state = applied(initial())
    assert state.apps.get_model("shop", "Order")
    forked = fork(state)
    operations.DeleteModel("Order").state_forwards("shop", forked)
    assert "apps" not in forked.__dict__
    assert ("shop", "order") in state.models


def test_renaming_a_field_leaves_the_fields_of_operations_alone():
    key = models.ForeignKey("shop.Customer", models.CASCADE, to_field="name")
    add = operations.AddField("Order", "by_name", key)
    rename = operations.RenameField("Customer", "name", "title")
    state = advance_migration(state_after(initial()), migration([add, rename]))
    assert key.remote_field.field_name == "name"
    assert state.models["shop", "order"].fields["by_name"].remote_field.field_name == "title"


def test_models_can_be_looked_at_in_every_way():
    state = fork(state_after(initial()))
    key = ("shop", "order")
    assert state.models.get(key).name == "Order"
    assert state.models.get(("shop", "nothing")) is None
    assert dict(state.models.items())[key].name == "Order"
    popped = state.models.pop(key)
    assert popped.name == "Order"
    assert key not in state.models
    assert state.models.pop(key, None) is None


def test_state_of_some_migrations(db):
    loader = MigrationLoader(connection)
    everything = state_of(loader, loader.graph.nodes.keys())
    assert everything == loader.project_state()
    some = [key for key in loader.graph.nodes if key[0] == "contenttypes"]
    assert {app for app, _ in state_of(loader, some).models} == {"contenttypes"}
