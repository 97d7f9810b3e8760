from __future__ import annotations

from functools import partial

import pytest
from django.db import ConnectionHandler
from django.db.migrations import operations
from django.db.utils import DatabaseError

from django_safe_migrate.values import TargetVersion
from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "enum_value_in_transaction")
clean = partial(assert_clean, "enum_value_in_transaction")

MESSAGE = "shop.0002_change uses the value 'meh' of type mood in the transaction that adds it, which PostgreSQL refuses."
ADD = "ALTER TYPE mood ADD VALUE 'meh'"
USE = "UPDATE shop_order SET mood = 'meh' WHERE mood IS NULL"


def run(*texts):
    return [operations.RunSQL(text, "") for text in texts]


def test_used_at_once():
    finds(run(f"{ADD}; {USE}"), MESSAGE)
    finds(run(ADD, USE), MESSAGE)
    finds(run(ADD, "SELECT 1", "ALTER TABLE t ALTER a SET DEFAULT 'meh'::mood"), MESSAGE)


def test_not_used():
    clean(run(ADD))
    clean(run(USE, ADD))
    clean(run(ADD, "UPDATE shop_order SET mood = 'ok'"))
    clean(run(ADD, "ALTER TYPE mood ADD VALUE 'better' AFTER 'meh'"))


def test_new_type():
    """PostgreSQL 17 is the first that lets values of a type be used in the transaction that made it."""
    made = run("CREATE TYPE mood AS ENUM ('ok')", ADD, USE)
    finds(made, MESSAGE, settings={"target_version": TargetVersion("postgresql", (16,))})
    clean(made, settings={"target_version": TargetVersion("postgresql", (17,))})


def test_migration_that_is_no_transaction():
    clean(run(ADD, USE), atomic=False)


def test_other_vendors_have_no_such_statement():
    clean(run(ADD, USE), on="mysql")


@pytest.fixture(params=[16, 18])
def server(request, make_server):
    return make_server("postgresql", major=request.param)


def test_what_the_server_says(server, django_db_blocker):
    with django_db_blocker.unblock():
        connection = ConnectionHandler({"default": server.create_database()})["default"]
        with connection.cursor() as cursor:
            cursor.execute("CREATE TYPE mood AS ENUM ('ok')")
            cursor.execute("CREATE TABLE shop_order (mood mood)")
            cursor.execute("INSERT INTO shop_order VALUES (NULL)")
        used = is_refused(connection, ADD, USE)
        made = is_refused(
            connection,
            "CREATE TYPE fresh AS ENUM ('ok')",
            "ALTER TYPE fresh ADD VALUE 'meh'",
            "SELECT 'meh'::fresh",
        )
        assert (used, made) == (True, connection.pg_version < 170000)
        connection.close()


def is_refused(connection, *statements):
    connection.set_autocommit(False)
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as error:
        return "unsafe use of new value" in str(error)
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    return False
