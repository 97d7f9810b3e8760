"""
A plan carried out after its rehearsal: what it really locks beside what was rehearsed, and an end to a step that takes far too long.

Of the real database only its list of locks is asked, once after each operation.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.databases.meters import meter
from django_safe_migrate.rehearsal.receipt import seconds_by_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_safe_migrate.conf import RehearseSettings
    from django_safe_migrate.execution.observer import Conduct
    from django_safe_migrate.plan import Plan
    from django_safe_migrate.record import RunRecord


class Expectation:
    """
    Listens to the executor while a rehearsed plan is carried out.

    Args:
        receipt: of the rehearsal, as plain data.
        labels: the plan's migrations, in their order.
        settings: how much longer a migration may take than it did on the copy.
    """

    def __init__(
        self, receipt: Mapping[str, Any], labels: tuple[str, ...], settings: RehearseSettings
    ) -> None:
        self._rehearsed = seconds_by_label(receipt)
        self._labels = labels
        self._settings = settings
        #: The locks held by each migration, by its label, the strongest on each table.
        self.locks: dict[str, list[dict[str, Any]]] = {}
        self._timer: threading.Timer | None = None
        #: What undoes a failed step later uses the same conduct, and has all the time it needs.
        self._is_listening = False

    @contextlib.contextmanager
    def listening(self, conduct: Conduct, detail: dict[str, Any]) -> Iterator[Conduct]:
        """Give the conduct that tells us what happens, and write down the locks that were seen, however the block ends."""
        seen = meter(conduct.database)

        def emit(name: str, **payload: Any) -> None:
            conduct.emit(name, **payload)
            if not self._is_listening:
                return
            if name == events.STEP_STARTED:
                seen.begin_step()
                self._bound(payload["index"], conduct.stop.request)
            elif name == events.OPERATION_FINISHED:
                self._note(payload["index"], [dataclasses.asdict(one) for one in seen.locks()])
            elif name in {events.STEP_FINISHED, events.ATTEMPT_FAILED}:
                self._unbound()

        self._is_listening = True
        try:
            yield dataclasses.replace(conduct, emit=emit)
        finally:
            self._is_listening = False
            self._unbound()
            detail["locks"] = self.locks

    def _note(self, index: int, locks: list[dict[str, Any]]) -> None:
        """An operation's locks are held to the end of its transaction, so those of the last one are all of them."""
        known = {lock["table"]: lock for lock in self.locks.get(self._labels[index], ())}
        self.locks[self._labels[index]] = list(
            {**known, **{lock["table"]: lock for lock in locks}}.values()
        )

    def _bound(self, index: int, stop: Callable[[str], None]) -> None:
        label = self._labels[index]
        ratio, rehearsed = self._settings.max_ratio, self._rehearsed.get(label)
        if ratio is None or rehearsed is None:
            return
        limit = max(self._settings.floor, ratio * rehearsed)
        reason = (
            f"{label} has taken {limit:.0f} s, and {rehearsed:.1f} s on the copy: more than REHEARSE's MAX_RATIO of {ratio:g} and its FLOOR of "
            f"{self._settings.floor:g} s allow."
        )
        self._timer = threading.Timer(limit, stop, args=(reason,))
        self._timer.daemon = True
        self._timer.start()

    def _unbound(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@contextlib.contextmanager
def expecting(
    conduct: Conduct,
    plan: Plan,
    record: RunRecord,
    settings: RehearseSettings,
    detail: dict[str, Any],
) -> Iterator[Conduct]:
    """Give the conduct of a plan that its run has rehearsed, or the one given where it has not."""
    stage = record.stage("rehearse")
    receipt = stage.detail.get("rehearsal") if stage else None
    if receipt is None:
        yield conduct
        return
    labels = tuple(step.label for step in plan.steps)
    with Expectation(receipt, labels, settings).listening(conduct, detail) as watched:
        yield watched
