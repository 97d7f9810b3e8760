from __future__ import annotations

from typing import Any

import django
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.migrations.executor import MigrationExecutor

from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.targets import (
    Planned,
    check_app_label,
    check_graph,
    last_applied,
    plan_between,
    plan_for,
    plan_without,
    resolve,
)
from tests.execution.ledger import Carrier

NESTED = pytest.mark.skipif(
    django.VERSION < (6, 0), reason="Django squashes squashed migrations from 6.0 on"
)
Key = tuple[str, str]


def fresh(carrier: Carrier) -> SafeMigrationExecutor:
    return SafeMigrationExecutor(carrier.connection)


def labels(planned: Planned) -> list[str]:
    return [str(migration) for migration, _ in planned.plan]


def directions(plans: list[Planned]) -> list[tuple[str, list[str]]]:
    """Return each plan as its direction and its migrations."""
    return [("backwards" if one.plan[0][1] else "forwards", labels(one)) for one in plans]


def applied(carrier: Carrier) -> set[Key]:
    return set(fresh(carrier).loader.applied_migrations)


class TestResolving:
    """On every argument, what Django's own command says and does."""

    @pytest.mark.vendors("sqlite")
    @pytest.mark.parametrize(
        ("app_label", "name", "options"),
        [
            ("nowhere", None, {}),
            ("nowhere", "0001", {}),
            ("messages", None, {}),
            ("ledger", None, {"run_syncdb": True}),
            ("ledger", "9999", {}),
            ("ledger", "000", {}),
            ("messages", "0001", {"run_syncdb": True}),
        ],
    )
    def test_errors_are_djangos(
        self, carrier: Carrier, app_label: str, name: str | None, options: dict[str, bool]
    ) -> None:
        theirs = _error(lambda: call_command("migrate", app_label, name, verbosity=0, **options))
        ours = _error(
            lambda: resolve(
                fresh(carrier).loader,
                app_label,
                name,
                run_syncdb=options.get("run_syncdb", False),
            )
        )
        assert ours == theirs

    @pytest.mark.vendors("sqlite")
    def test_what_names_mean(self, carrier: Carrier) -> None:
        loader = fresh(carrier).loader

        def meant(app_label: str | None, name: str | None = None) -> Any:
            return resolve(loader, app_label, name, run_syncdb=False)

        assert meant("ledger", "0002") == (("ledger", "0002_account_note"),)
        assert meant("ledger", "0002_account_note") == (("ledger", "0002_account_note"),)
        assert meant("ledger", "zero") == (("ledger", None),)
        assert meant("ledger") == (("ledger", "0007_task"),)
        assert meant("books") == (("books", "0002_country"),)
        assert meant(None) == tuple(loader.graph.leaf_nodes())
        assert resolve(loader, "messages", None, run_syncdb=True) == ()

    def test_a_squashed_migration_that_is_partly_applied_means_its_last_replaced_one(
        self, carrier: Carrier, release: Any
    ) -> None:
        carrier.to("0001_initial", app="squashed")
        release("squashed")
        executor = fresh(carrier)
        targets = resolve(executor.loader, "squashed", "0001_squashed", run_syncdb=False)
        assert targets == (("squashed", "0002_weight"),)
        assert labels(plan_for(executor, targets)) == ["squashed.0002_weight"]

    @pytest.mark.vendors("sqlite")
    def test_conflicting_leaves_stop_with_djangos_text(
        self, carrier: Carrier, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        folder = tmp_path / "two_leaves"
        folder.mkdir()
        (folder / "__init__.py").touch()
        for name, dependencies in (("0001_a", []), ("0002_b", ["0001_a"]), ("0002_c", ["0001_a"])):
            needed = [("squashed", one) for one in dependencies]
            (folder / f"{name}.py").write_text(
                f"from django.db import migrations\nclass Migration(migrations.Migration):\n    dependencies = {needed}\n"
            )
        monkeypatch.syspath_prepend(tmp_path)
        settings.MIGRATION_MODULES = {"squashed": "two_leaves"}
        ours = _error(lambda: check_graph(fresh(carrier).loader, carrier.connection))
        assert ours == _error(lambda: call_command("migrate", verbosity=0))
        assert "(0002_b, 0002_c in squashed)" in ours

    @pytest.mark.vendors("sqlite")
    def test_an_inconsistent_history_stops_with_djangos_text(self, carrier: Carrier) -> None:
        carrier.to("0002_account_note")
        carrier.executor.recorder.record_unapplied("ledger", "0001_initial")
        ours = _error(lambda: check_graph(fresh(carrier).loader, carrier.connection))
        assert ours == _error(lambda: call_command("migrate", verbosity=0))
        assert "applied before its dependency" in ours

    @pytest.mark.vendors("sqlite")
    def test_a_known_app_is_fine(self, carrier: Carrier) -> None:
        check_app_label(fresh(carrier).loader, "ledger")
        check_app_label(fresh(carrier).loader, "messages", run_syncdb=True)


def _error(call: Any) -> str:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - compared with another one
        call()
    return f"{type(raised.value).__name__}: {raised.value}"


class TestPlanBetween:
    """The exact set, whatever it takes."""

    def test_nothing_to_do(self, carrier: Carrier) -> None:
        carrier.to("0002_account_note")
        assert plan_between(fresh(carrier), applied(carrier)) == []

    def test_back_to_a_set(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        before = applied(carrier)
        carrier.to("0003_account_colour")
        executor = fresh(carrier)
        (planned,) = plan_between(executor, before)
        assert directions([planned]) == [
            ("backwards", ["ledger.0003_account_colour", "ledger.0002_account_note"])
        ]
        assert planned.targets == (("ledger", "0001_initial"),)
        carrier.carry_out_with(executor, planned)
        assert applied(carrier) == before

    def test_a_new_app_goes_to_zero(self, carrier: Carrier) -> None:
        carrier.to("0002_account_note")
        before = applied(carrier)
        carrier.to("0001_initial", app="books")
        executor = fresh(carrier)
        (planned,) = plan_between(executor, before)
        assert labels(planned) == ["books.0001_initial", "authors.0001_initial"]
        assert set(planned.targets) == {("authors", None), ("books", None)}
        carrier.carry_out_with(executor, planned)
        assert applied(carrier) == before
        assert "books_book" not in carrier.database.tables()

    def test_dependents_in_other_apps_go_too(self, carrier: Carrier) -> None:
        carrier.to_latest()
        wanted = applied(carrier) - {("authors", "0002_country")}
        plans = plan_between(fresh(carrier), wanted)
        # What depended on it and was wanted is undone with it, and applied again where that is possible.
        undone = directions(plans)[0]
        assert undone == (
            "backwards",
            ["books.0002_country", "authors.0003_wider_key", "authors.0002_country"],
        )

    def test_both_directions(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        carrier.to("0001_initial", app="authors")
        before = applied(carrier)
        carrier.to("0002_account_note")
        carrier.to(None, app="authors")
        plans = plan_between(fresh(carrier), before)
        assert directions(plans) == [
            ("backwards", ["ledger.0002_account_note"]),
            ("forwards", ["authors.0001_initial"]),
        ]
        for planned in plans:
            executor = fresh(carrier)
            carrier.carry_out_with(executor, planned)
        assert applied(carrier) == before

    def test_a_record_without_a_file_does_not_matter_while_it_may_stay(
        self, carrier: Carrier
    ) -> None:
        """Records of an app that was removed years ago are in most old databases."""
        carrier.to("0001_initial")
        carrier.executor.recorder.record_applied("removed", "0001_initial")
        before = applied(carrier)
        carrier.to("0002_account_note")
        (planned,) = plan_between(fresh(carrier), before)
        assert labels(planned) == ["ledger.0002_account_note"]

    def test_a_record_without_a_file_cannot_be_unapplied(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        before = applied(carrier)
        carrier.executor.recorder.record_applied("removed", "0001_initial")
        with pytest.raises(CommandError) as raised:
            plan_between(fresh(carrier), before)
        assert str(raised.value) == (
            "Migration removed.0001_initial was applied, and its file is gone: it cannot be unapplied. "
            "Bring the file back from version control, or restore a backup."
        )

    def test_a_migration_without_a_file_cannot_be_applied_again(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        wanted = applied(carrier) | {("removed", "0001_initial")}
        with pytest.raises(CommandError, match=r"removed\.0001_initial .* cannot be applied again"):
            plan_between(fresh(carrier), wanted)

    @pytest.mark.parametrize("folder", ["squashed", "alone"])
    def test_a_release_that_squashed_meanwhile(
        self, carrier: Carrier, release: Any, folder: str
    ) -> None:
        """The set before the run has only the replaced names; the run applied one more and recorded the squashed one."""
        carrier.to("0002_weight", app="squashed")
        before = applied(carrier)
        release(folder)
        carrier.to("0003_colour", app="squashed")
        assert "0001_squashed_0002_weight" in carrier.applied("squashed")
        executor = fresh(carrier)
        plans = plan_between(executor, before)
        assert directions(plans) == [("backwards", ["squashed.0003_colour"])]

    @pytest.mark.parametrize("folder", ["squashed", "alone"])
    def test_a_squashed_app_that_was_new_goes_to_zero(
        self, carrier: Carrier, release: Any, folder: str
    ) -> None:
        release(folder)
        carrier.to("0003_colour", app="squashed")
        executor = fresh(carrier)
        (planned,) = plan_between(executor, set())
        assert labels(planned) == ["squashed.0003_colour", "squashed.0001_squashed_0002_weight"]
        carrier.carry_out_with(executor, planned)
        assert applied(carrier) == set()

    def test_a_set_inside_a_squashed_migration(self, carrier: Carrier, release: Any) -> None:
        """A run that applied the rest of what a squashed migration replaces is undone by its parts."""
        carrier.to("0001_initial", app="squashed")
        before = applied(carrier)
        release("squashed")
        executor = fresh(carrier)
        carrier.carry_out_with(executor, plan_for(executor, (("squashed", "0002_weight"),)))
        executor = fresh(carrier)
        (planned,) = plan_between(executor, before)
        assert labels(planned) == ["squashed.0002_weight"]
        carrier.carry_out_with(executor, planned)
        assert "weight" not in carrier.database.columns("squashed_parcel")
        assert applied(carrier) - {("squashed", "0001_squashed_0002_weight")} == before

    def test_a_squashed_migration_that_cannot_be_used_stands_for_its_parts(
        self, carrier: Carrier, release: Any
    ) -> None:
        release("squashed")
        carrier.to("0001_squashed_0002_weight", app="squashed")
        before = applied(carrier)
        executor = fresh(carrier)
        carrier.carry_out_with(executor, plan_for(executor, (("squashed", "0001_initial"),)))
        plans = plan_between(fresh(carrier), before)
        assert directions(plans) == [("forwards", ["squashed.0002_weight"])]

    @NESTED
    def test_a_squashed_migration_that_was_squashed_again(
        self, carrier: Carrier, release: Any
    ) -> None:
        release("squashed")
        carrier.to("0003_colour", app="squashed")
        before = applied(carrier)
        release("nested")
        carrier.to("0004_size", app="squashed")
        plans = plan_between(fresh(carrier), before)
        assert directions(plans) == [("backwards", ["squashed.0004_size"])]


class TestLastApplied:
    """By the order of the records, and no record that came late or beside others counts."""

    def test_without_a_table(self, carrier: Carrier) -> None:
        assert last_applied(fresh(carrier), 3) == []

    def test_the_order_is_that_of_applying(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        carrier.to("0001_initial", app="books")
        carrier.to("0002_account_note")
        assert last_applied(fresh(carrier), 3) == [
            ("ledger", "0002_account_note"),
            ("books", "0001_initial"),
            ("authors", "0001_initial"),
        ]

    def test_applying_again_counts_anew(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        carrier.to("0001_initial", app="authors")
        carrier.to(None)
        carrier.to("0001_initial")
        assert last_applied(fresh(carrier), 1) == [("ledger", "0001_initial")]

    @pytest.mark.parametrize("folder", ["squashed", "alone"])
    def test_the_late_record_of_a_squashed_migration_does_not_count(
        self, carrier: Carrier, release: Any, folder: str
    ) -> None:
        carrier.to("0003_colour", app="squashed")
        carrier.to("0001_initial")
        release(folder)
        executor = fresh(carrier)
        executor.migrate([("ledger", "0001_initial")], plan=[])
        assert "0001_squashed_0002_weight" in carrier.applied("squashed")
        assert last_applied(fresh(carrier), 3) == [
            ("ledger", "0001_initial"),
            ("squashed", "0003_colour"),
            ("squashed", "0001_squashed_0002_weight"),
        ]

    @pytest.mark.parametrize("folder", ["squashed", "alone"])
    def test_a_squashed_migration_counts_once(
        self, carrier: Carrier, release: Any, folder: str
    ) -> None:
        release(folder)
        carrier.to("0001_initial")
        carrier.to("0003_colour", app="squashed")
        assert last_applied(fresh(carrier), 5) == [
            ("squashed", "0003_colour"),
            ("squashed", "0001_squashed_0002_weight"),
            ("ledger", "0001_initial"),
        ]

    def test_a_squashed_migration_whose_replaced_records_were_pruned(
        self, carrier: Carrier, release: Any
    ) -> None:
        release("squashed")
        carrier.to("0001_squashed_0002_weight", app="squashed")
        release("alone")
        for name in ("0001_initial", "0002_weight"):
            carrier.executor.recorder.record_unapplied("squashed", name)
        # As after taking `replaces` out of the file, which Django asks for.
        executor = fresh(carrier)
        executor.loader.replacements.clear()
        assert last_applied(executor, 1) == [("squashed", "0001_squashed_0002_weight")]

    @NESTED
    def test_squashed_twice(self, carrier: Carrier, release: Any) -> None:
        carrier.to("0003_colour", app="squashed")
        carrier.to("0001_initial")
        release("nested")
        fresh(carrier).migrate([("ledger", "0001_initial")], plan=[])
        assert last_applied(fresh(carrier), 2) == [
            ("ledger", "0001_initial"),
            ("squashed", "0001_squashed_0003_colour"),
        ]

    def test_a_record_without_a_file_among_the_last_cannot_be_undone(
        self, carrier: Carrier
    ) -> None:
        carrier.to("0001_initial")
        carrier.executor.recorder.record_applied("removed", "0001_initial")
        with pytest.raises(CommandError, match=r"removed\.0001_initial .* cannot be unapplied"):
            last_applied(fresh(carrier), 1)
        carrier.to("0002_account_note")
        assert last_applied(fresh(carrier), 1) == [("ledger", "0002_account_note")]


class TestPlanWithout:
    def test_nothing(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        assert plan_without(fresh(carrier), []) == Planned((), [])

    @pytest.mark.parametrize("folder", ["squashed", "alone"])
    def test_a_squashed_migration_goes_with_its_replaced_records(
        self, carrier: Carrier, release: Any, folder: str
    ) -> None:
        release(folder)
        carrier.to("0001_initial")
        carrier.to("0001_squashed_0002_weight", app="squashed")
        executor = fresh(carrier)
        planned = plan_without(executor, last_applied(executor, 1))
        assert labels(planned) == ["squashed.0001_squashed_0002_weight"]
        carrier.carry_out_with(executor, planned)
        assert carrier.applied("squashed") == []
        assert carrier.applied() == ["0001_initial"]

    def test_what_depends_on_it_goes_too(self, carrier: Carrier) -> None:
        carrier.to("0001_initial", app="books")
        planned = plan_without(fresh(carrier), [("authors", "0001_initial")])
        assert labels(planned) == ["books.0001_initial", "authors.0001_initial"]


def test_the_plan_is_the_one_that_django_makes(carrier: Carrier) -> None:
    executor = fresh(carrier)
    targets = resolve(executor.loader, "books", None, run_syncdb=False)
    theirs = MigrationExecutor(carrier.connection).migration_plan(list(targets))
    assert plan_for(executor, targets) == Planned(targets, theirs)
