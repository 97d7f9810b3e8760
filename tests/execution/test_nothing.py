from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import post_migrate, pre_migrate

from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.nothing import (
    apps_without_migrations_for_changes,
    migrate_nothing,
)
from django_safe_migrate.execution.surroundings import Surroundings, register_receivers
from tests.execution.ledger import Carrier
from tests.snapshots import take_snapshot


def nothing(carrier: Carrier) -> None:
    """What `safemigrate` does with an empty plan."""
    register_receivers()
    executor = SafeMigrationExecutor(carrier.connection)
    around = Surroundings(0, False, io.StringIO(), lambda connection, labels: None)
    migrate_nothing(executor, tuple(executor.loader.graph.leaf_nodes()), around)


def signals_of(call: Any) -> list[Any]:
    """Return what the signals say while something is called: name, sender, and the models that they know."""
    found = []

    def receive(sender: Any, signal: Any, **told: Any) -> None:
        name = "pre" if signal is pre_migrate else "post"
        models = sorted(model._meta.label for model in told["apps"].get_models())
        found.append((name, sender.label, told["using"], told["verbosity"], told["plan"], models))

    pre_migrate.connect(receive)
    post_migrate.connect(receive)
    try:
        call()
    finally:
        pre_migrate.disconnect(receive)
        post_migrate.disconnect(receive)
    return found


def django_migrate(**options: Any) -> None:
    call_command("migrate", verbosity=0, interactive=False, **options)


def test_the_same_signals_and_rows_as_django(carrier: Carrier) -> None:
    django_migrate()
    before = take_snapshot(carrier.connection)
    theirs = signals_of(django_migrate)
    assert before.difference(take_snapshot(carrier.connection)) == []
    ours = signals_of(lambda: nothing(carrier))
    assert before.difference(take_snapshot(carrier.connection)) == []
    assert ours == theirs
    assert {name for name, *_ in ours} == {"pre", "post"}


def test_what_was_missing_is_made(carrier: Carrier) -> None:
    """Permissions of a model are made at every migrate, not only when something is pending."""
    django_migrate()
    whole = take_snapshot(carrier.connection)
    Permission.objects.filter(codename="add_account").delete()
    nothing(carrier)
    missing = [
        line
        for line in whole.difference(take_snapshot(carrier.connection))
        if not line.startswith("auth_permission")
    ]
    assert missing == []
    assert Permission.objects.filter(codename="add_account").count() == 1


@pytest.mark.parametrize("folder", ["squashed", "alone"])
def test_a_squashed_migration_is_recorded(carrier: Carrier, release: Any, folder: str) -> None:
    django_migrate()
    release(folder)
    key = ("squashed", "0001_squashed_0002_weight")
    assert key not in MigrationRecorder(carrier.connection).applied_migrations()
    nothing(carrier)
    assert key in MigrationRecorder(carrier.connection).applied_migrations()


@pytest.mark.vendors("sqlite")
def test_models_that_no_migration_makes(carrier: Carrier) -> None:
    django_migrate()
    executor = SafeMigrationExecutor(carrier.connection)
    changed = apps_without_migrations_for_changes(executor, MigrationAutodetector)
    # The scenario's releases before the last have fewer fields than its models.
    assert "squashed" in changed
    assert "auth" not in changed
    assert changed == sorted(changed)
