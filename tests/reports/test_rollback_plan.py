from __future__ import annotations

from typing import Any

from django_safe_migrate import events
from django_safe_migrate.reports import build
from django_safe_migrate.reports.document import RollbackPlan
from tests.records import PLAN, RECEIPT, Story, failed, succeeded, under_way


def plan(story: Story) -> RollbackPlan:
    return build(story.record()).rollback


def commands(found: RollbackPlan) -> list[str]:
    return [command.command for command in found.commands]


def carried_out(*steps: dict[str, Any], **facts: Any) -> Story:
    story = Story().start(plan=list(steps), **facts)
    status = "unapplied" if steps[0].get("direction") == "backwards" else "applied"
    for index in range(len(steps)):
        story.step(index, status=status)
    return story.end()


STEP = {"app_label": "shop", "name": "0002_total"}


def test_lossless() -> None:
    story = carried_out(STEP)
    found = plan(story)
    assert found.capability == "lossless"
    assert found.summary == "1 migration can be undone, and nothing is lost by it."
    assert commands(found) == [
        f"python manage.py migrate_rollback --run {story.run_id} --dry-run",
        f"python manage.py migrate_rollback --run {story.run_id}",
    ]


def test_lossy_says_what_is_lost_and_names_the_backup() -> None:
    story = succeeded()
    found = plan(story)
    assert found.capability == "lossy"
    assert found.summary == "2 migrations can be undone; undoing shop.0003_drop_note loses data."
    assert [(step.migration, step.capability, step.details) for step in found.steps] == [
        ("shop.0003_drop_note", "lossy", ("shop_order.note: the 12 values in it",)),
        ("shop.0002_order_total", "lossless", ()),
    ]
    assert commands(found)[-1] == f"python manage.py migrate_backup restore {RECEIPT['name']}"
    assert found.commands[1].purpose == (
        "Unapplies what this run applied, in the opposite order. It asks before it loses data."
    )


def test_irreversible_leaves_the_backup_only() -> None:
    story = (
        Story()
        .start(plan=[{**STEP, "irreversible": ["Raw Python operation"]}])
        .backup()
        .step(0)
        .end()
    )
    found = plan(story)
    assert found.capability == "irreversible"
    assert (
        found.summary
        == "shop.0002_total cannot be undone; only a backup brings back what was before."
    )
    assert commands(found) == [f"python manage.py migrate_backup restore {RECEIPT['name']}"]


def test_another_database_is_named_in_every_command() -> None:
    story = carried_out(STEP, database="legacy data")
    assert commands(plan(story)) == [
        f"python manage.py migrate_rollback --run {story.run_id} --database 'legacy data' --dry-run",
        f"python manage.py migrate_rollback --run {story.run_id} --database 'legacy data'",
    ]


def test_a_backup_name_is_quoted() -> None:
    story = Story().start(plan=[STEP]).backup({**RECEIPT, "name": "my backup; rm"}).step(0).end()
    assert commands(plan(story))[-1] == "python manage.py migrate_backup restore 'my backup; rm'"


def test_nothing_carried_out() -> None:
    found = plan(Story().start().preflight().end("failed", 3))
    assert (found.capability, found.steps, found.commands) == ("nothing", (), ())
    assert found.summary == "Nothing was carried out, so there is nothing to undo."


def test_a_rollback_is_undone_by_going_forward() -> None:
    found = plan(carried_out({**STEP, "direction": "backwards", "lossy": ["shop_order.total"]}))
    assert found.capability == "lossy"
    assert found.steps[0].details == (
        "Applying it again does not bring back what undoing it cost: shop_order.total",
    )
    assert commands(found) == ["python manage.py safemigrate"]


def test_a_step_that_did_not_reach_its_end() -> None:
    story = Story().start(plan=PLAN)
    story.step(0).say(events.STEP_STARTED, index=1, attempt=1)
    told = {"index": 1, "operation": 0, "description": "Remove field"}
    story.say(events.OPERATION_FINISHED, **told, seconds=0.1, statements=[], tables=[])
    story.say(events.STEP_FINISHED, index=1, status="failed", seconds=0.2, error="boom").end(
        "failed", 7
    )
    found = plan(story)
    assert found.summary == (
        "1 migration can be undone, and nothing is lost by it. "
        "shop.0003_drop_note did not reach its end: migrate_status tells whether it left anything."
    )
    assert commands(found)[0] == "python manage.py migrate_status"


def test_a_clean_failure_offers_what_was_done_before() -> None:
    story = failed()
    assert commands(plan(story))[1] == f"python manage.py migrate_rollback --run {story.run_id}"


def test_under_way() -> None:
    found = plan(under_way())
    assert found.summary == "The run is under way; what can be undone is known when it ends."
    assert commands(found) == ["python manage.py migrate_status"]


def test_after_a_restore() -> None:
    found = plan(
        Story().start(kind="restore", plan=[]).say(events.NOTICE, message="Kept as x.").end()
    )
    assert (
        found.summary
        == "The notices above say where the database as it was before the restore is kept."
    )
    assert commands(found) == ["python manage.py migrate_status"]


def test_a_backup_that_knows_its_place_in_the_log_goes_to_the_point() -> None:
    position = {
        "log": "WAL",
        "at": "0/4000100",
        "timeline": 1,
        "gtid": "",
        "name": "p",
        "remark": "",
    }
    story = Story().start(plan=[STEP]).backup({**RECEIPT, "log_position": {"at": "0/3000000"}})
    story.say(events.STAGE_STARTED, stage="execute")
    story.say(events.POSITION_RECORDED, index=None, position=position)
    story.step(0)
    story.say(events.POSITION_RECORDED, index=0, position={**position, "at": "0/5000000"})
    found = build(story.end().record())
    assert commands(found.rollback)[-1] == (
        f"python manage.py migrate_backup restore {RECEIPT['name']} --before {story.run_id}"
    )
    assert [(one.migration, one.at) for one in found.point_in_time.positions] == [
        ("", "0/4000100"),
        ("shop.0002_total", "0/5000000"),
    ]
