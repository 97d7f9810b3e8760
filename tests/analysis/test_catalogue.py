"""What the plan and the live database say together of tables."""

from __future__ import annotations

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import models
from django.db.migrations import operations
from django.db.models import Q

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.catalogue import StateCatalogue
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.proofs import never_null
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.state_tables import KnownModels
from django_safe_migrate.analysis.statements import Moment
from django_safe_migrate.databases import get_database, live_catalogue
from django_safe_migrate.databases.facts import Catalogue, TableStorage
from django_safe_migrate.databases.statements import ConstraintKind
from tests.analysis.lint import initial, migration, state_after, vendor


def catalogue(connection, *noted, more=(), live=None):
    schema = Schema(connection, live=live is not None)
    so_far = SoFar(Live(live))
    for change in noted:
        so_far.note(change)
    state = state_after([*initial(), *more])
    made = StateCatalogue(so_far, Catalogue() if live is None else live_catalogue(live))
    made.move_to(Moment.of(state, state, KnownModels(schema)))
    return made


@pytest.fixture
def offline():
    from django.db import connections

    with vendor("postgresql"):
        yield connections["default"]


def test_which_tables_exist(offline):
    made = catalogue(
        offline,
        changes.TableCreated("shop_customer"),
        changes.TableDropped("gone"),
        changes.TableRenamed("shop_tag", "label"),
    )
    found = {
        table: made.exists(table)
        for table in ("shop_order", "shop_order_tags", "shop_customer", "gone", "shop_tag", "other")
    }
    assert found == {
        "shop_order": True,
        "shop_order_tags": True,
        "shop_customer": False,
        "gone": False,
        "shop_tag": False,
        "other": None,
    }


def test_columns(offline):
    made = catalogue(offline)
    column = made.column("shop_order", "customer_id")
    assert (column.type, column.null, column.references) == ("bigint", False, "shop_customer")
    assert made.column("shop_order_tags", "tag_id").references == "shop_tag"
    assert made.column("shop_order", "nothing") is None


def test_who_refers_to_a_table(offline):
    made = catalogue(offline)
    assert set(made.referencing("shop_tag")) == {"shop_order_tags"}
    assert set(made.referencing("shop_customer")) == {"shop_order"}
    assert made.referencing("other") is None


def test_constraints_and_what_they_prove(offline):
    proof = models.CheckConstraint(condition=Q(note__isnull=False), name="note_there")
    added = operations.AddConstraint("Order", proof)
    [found] = [
        one
        for one in catalogue(offline, more=[added]).constraints("shop_order")
        if one.kind is ConstraintKind.CHECK
    ]
    assert (found.name, found.not_null, found.validated) == ("note_there", ("note",), True)
    noted = changes.ConstraintAdded("shop_order", proof, not_valid=True)
    more = [AddConstraintNotValid("Order", proof)]
    found = catalogue(offline, noted, more=more).constraints("shop_order")
    assert [one.validated for one in found if one.name == "note_there"] == [False]


def test_indexes(offline):
    made = catalogue(offline)
    assert {one.columns for one in made.indexes("shop_order")} == {
        ("id",),
        ("title",),
        ("indexed",),
        ("customer_id",),
    }
    assert made.index_table("title_idx") == "shop_order"
    assert made.index_table("other") is None


@pytest.mark.parametrize(
    ("condition", "proved"),
    [
        (Q(a__isnull=False), ("a",)),
        (Q(a__isnull=False) & Q(b__isnull=False), ("a", "b")),
        (Q(a__isnull=False) | Q(b__isnull=False), ()),
        (Q(a__isnull=True), ()),
        (~Q(a__isnull=False), ()),
        (Q(a__gt=0), ()),
        (Q(a__isnull=False, b__gt=0), ("a",)),
    ],
)
def test_proofs(condition, proved):
    assert never_null(models.CheckConstraint(condition=condition, name="c")) == proved
    assert never_null(models.UniqueConstraint(fields=["a"], name="u")) == ()


@pytest.mark.vendors("postgresql", "mariadb")
def test_what_only_the_database_knows(connection):
    with connection.schema_editor() as editor:
        migration(initial()).apply(state_after([]), editor)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX by_hand ON shop_order (state)")
        cursor.execute("CREATE TABLE made_by_hand (id integer)")
    live = get_database(connection)
    made = catalogue(connection, live=live)
    assert made.exists("made_by_hand")
    assert "by_hand" in {one.name for one in made.indexes("shop_order")}
    assert made.indexes("made_by_hand") == ()
    dropped = changes.IndexDropped("shop_order", "by_hand", ("state",))
    assert "by_hand" not in {
        one.name for one in catalogue(connection, dropped, live=live).indexes("shop_order")
    }
    columns = [one.columns for one in made.indexes("shop_order")]
    assert len(columns) == len(set(columns))


def test_whatever_a_catalogue_is_asked_the_live_one_gets_to_hear():
    """What is not passed on would be unknown for ever, also where the database knows it."""
    questions = {name for name in vars(Catalogue) if not name.startswith("_")}
    assert questions - vars(StateCatalogue).keys() == set()


class Kept(Catalogue):
    """A server with one table, which is not kept as usual, and one partition of it."""

    def storage(self, table):
        return TableStorage(engine="myisam") if table == "shop_tag" else None

    def partition_of(self, table):
        return "shop_tag" if table == "shop_tag_2026" else ""


def test_what_only_the_server_knows_is_asked_under_live_names():
    so_far = SoFar(Live(None))
    made = StateCatalogue(so_far, Kept())
    assert made.storage("shop_tag").engine == "myisam"
    so_far.note(changes.TableRenamed("shop_tag", "label"))
    assert made.storage("label").engine == "myisam"
    assert made.partition_of("shop_tag_2026") == "label"
    so_far.note(changes.TableCreated("shop_tag"))
    assert made.storage("shop_tag") is None


@pytest.mark.vendors("sqlite")
def test_the_journal_of_the_file(connection):
    database = get_database(connection)
    assert (
        catalogue(connection, live=database).journal_mode
        == database.ask("PRAGMA journal_mode")[0][0]
    )
