"""Every planned migration is recorded as planned."""

from __future__ import annotations

from django.db import migrations

from tests.verification.scene import Scene, found, looked_at, pk


def test_a_migration_that_is_not_recorded_is_an_error(scene: Scene) -> None:
    second = scene.migration("shop.0002", [migrations.CreateModel("City", [("id", pk())])])
    third = scene.migration("shop.0003", [])
    result = scene.run(
        second, third, meanwhile=lambda scene: scene.recorder.record_unapplied("shop", "0002")
    )
    assert found(result) == [
        (
            "still_pending",
            "error",
            "Migration shop.0002 was to be applied and is not recorded.",
        )
    ]
    finding = result.findings[0]
    assert finding.migration == "shop.0002"
    assert finding.hint == "See what is recorded: python manage.py migrate_status"
    assert looked_at(result, "completeness") == (
        "The records of 2 planned migrations among 2 records."
    )


def test_a_migration_that_is_still_recorded_is_an_error(scene: Scene) -> None:
    base = scene.state.clone()
    second = scene.migration("shop.0002", [migrations.CreateModel("City", [("id", pk())])])
    scene.migrate(second)
    result = scene.run(
        second,
        backwards=True,
        base=base,
        meanwhile=lambda scene: scene.recorder.record_applied("shop", "0002"),
    )
    assert found(result) == [
        (
            "still_applied",
            "error",
            "Migration shop.0002 was to be unapplied and is still recorded as applied.",
        )
    ]


def test_the_records_of_a_faked_plan_are_checked(scene: Scene) -> None:
    migration = scene.migration("shop.0002", [migrations.RemoveField("order", "note")])
    result = scene.run(
        migration,
        fake=True,
        meanwhile=lambda scene: scene.recorder.record_unapplied("shop", "0002"),
    )
    assert [rule for rule, *_ in found(result)] == ["still_pending"]
