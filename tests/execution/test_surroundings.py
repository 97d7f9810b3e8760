from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import migrate
from django.db.models.signals import post_migrate, pre_migrate

from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.surroundings import Surroundings, register_receivers
from django_safe_migrate.execution.targets import plan_for
from django_safe_migrate.plan import freeze
from tests.execution.ledger import Carrier

Sent = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def sent() -> Iterator[Sent]:
    """The signals of the app `auth`, in order; the whole project gets the same."""
    found: Sent = []

    def before(sender: Any, **told: Any) -> None:
        found.append(("pre_migrate", told))

    def after(sender: Any, **told: Any) -> None:
        found.append(("post_migrate", told))

    config = apps.get_app_config("auth")
    pre_migrate.connect(before, sender=config)
    post_migrate.connect(after, sender=config)
    yield found
    pre_migrate.disconnect(before, sender=config)
    post_migrate.disconnect(after, sender=config)


def surroundings(**options: Any) -> Surroundings:
    defaults = {
        "verbosity": 0,
        "interactive": False,
        "stdout": io.StringIO(),
        "sync_apps": lambda connection, labels: None,
    }
    return Surroundings(**{**defaults, **options})


def migrate_everything(carrier: Carrier, around: Surroundings) -> None:
    register_receivers()
    carrier.executor = SafeMigrationExecutor(carrier.connection)
    planned = plan_for(carrier.executor, tuple(carrier.executor.loader.graph.leaf_nodes()))
    state = carrier.executor.current_state()
    around.before(carrier.connection, state, planned.plan)
    after = carrier.executor.carry_out(
        freeze("default", planned.targets, planned.plan), carrier.conduct(planned), state.clone()
    )
    around.after(carrier.connection, after, planned.plan)


def test_content_types_and_permissions_are_made(carrier: Carrier) -> None:
    migrate_everything(carrier, surroundings())
    assert ContentType.objects.filter(app_label="ledger", model="account").exists()
    names = Permission.objects.filter(content_type__app_label="ledger").values_list(
        "codename", flat=True
    )
    assert {"add_account", "view_entry"} <= set(names)


@pytest.mark.vendors("sqlite")
def test_the_signals_are_told_what_django_tells(carrier: Carrier, sent: Sent) -> None:
    out = io.StringIO()
    migrate_everything(carrier, surroundings(stdout=out))
    assert [name for name, _ in sent] == ["pre_migrate", "post_migrate"]
    before, after = (told for _, told in sent)
    for told in (before, after):
        assert told["using"] == "default"
        assert told["verbosity"] == 0
        assert told["interactive"] is False
        assert told["stdout"] is out
        assert {str(migration) for migration, _ in told["plan"]} >= {"ledger.0001_initial"}
    assert not before["apps"].all_models["ledger"]
    assert {"account", "entry"} <= set(after["apps"].all_models["ledger"])


@pytest.mark.vendors("sqlite")
def test_apps_without_migrations_are_synchronised_when_asked_for(carrier: Carrier) -> None:
    synchronised: list[tuple[Any, Any]] = []
    around = surroundings(
        sync_apps=lambda connection, labels: synchronised.append((connection, labels)),
        unmigrated_apps=("messages",),
    )
    state = carrier.executor.current_state()
    around.before(carrier.connection, state, [])
    assert synchronised == [(carrier.connection, ("messages",))]
    synchronised.clear()
    surroundings(sync_apps=lambda *args: synchronised.append(args)).before(
        carrier.connection, state, []
    )
    assert synchronised == []


def test_the_table_of_an_app_without_migrations_is_made(carrier: Carrier, settings: Any) -> None:
    settings.MIGRATION_MODULES = {"squashed": None}
    command = migrate.Command(stdout=io.StringIO())
    command.verbosity = 0
    around = surroundings(sync_apps=command.sync_apps, unmigrated_apps=("squashed",))
    executor = SafeMigrationExecutor(carrier.connection)
    assert "squashed" in executor.loader.unmigrated_apps
    around.before(carrier.connection, executor.current_state(), [])
    assert "squashed_parcel" in carrier.database.tables()
