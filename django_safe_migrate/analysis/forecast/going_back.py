"""What going back over a migration costs, once its plan has been carried out: what it cannot do, what it loses, what it locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.changes import CodeRun, TableCreated
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.forecast.document import ForecastLock, GoingBack
from django_safe_migrate.analysis.forecast.locking import Executed, locks_of, works_of
from django_safe_migrate.analysis.half_done import is_nothing
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.predicting import CODE_UNKNOWN, of_code
from django_safe_migrate.analysis.rollback import outlook_of
from django_safe_migrate.analysis.so_far import SoFar

if TYPE_CHECKING:
    from django_safe_migrate.analysis.context import Context
    from django_safe_migrate.analysis.predicting import Predictor
    from django_safe_migrate.analysis.walking import Part
    from django_safe_migrate.databases.facts import Facts
    from django_safe_migrate.findings import Estimate

#: Of Python of the project that goes back as little is known as of that which goes forwards.
PYTHON_BACK = "what its reverse Python executes is known only when it runs"


def going_back(context: Context, parts: Sequence[Part], predictor: Predictor) -> GoingBack:
    """
    Return what undoing a migration means.

    Args:
        context: of the migration, all of whose changes were looked at.
        parts: of the migration, in the order of going forwards.
        predictor: the one of the analysis.
    """
    outlook = outlook_of(parts, context.changes, context.vendor)
    losses = tuple(loss.description for loss in outlook.lossy)
    if outlook.irreversible:
        return GoingBack(irreversible=outlook.irreversible, losses=losses)
    undone = tuple(_undone(context, parts, predictor))
    unknown = dict.fromkeys(
        PYTHON_BACK if facts.unknown == CODE_UNKNOWN else facts.unknown
        for facts in undone
        if facts.unknown
    )
    return GoingBack(losses=losses, locks=_locks(context, undone), unknown=tuple(unknown))


def _undone(context: Context, parts: Sequence[Part], predictor: Predictor) -> Iterator[Facts]:
    """The facts of the way back as Django goes it, the last operation first: by then nothing that the plan makes is new any more."""
    so_far = SoFar(Live(None))
    predictions = predictor.predictions(so_far)
    for part in reversed(parts):
        around = Surroundings(context.app_label, part.earlier, part.later, context.schema)
        for change in derive(part.operation, around, backwards=True):
            if isinstance(change, CodeRun):
                yield from () if is_nothing(change) else (of_code(change),)
                continue
            statements = predictions.statements(change, part.later, part.earlier)
            yield from predictions.facts(statements, part.later, part.earlier)
            so_far.note(change)


def _locks(context: Context, undone: Sequence[Facts]) -> tuple[ForecastLock, ...]:
    """Without those on tables that go away: nobody needs them any more."""
    made = {change.table for change in context.changes if isinstance(change, TableCreated)}
    executed = [Executed(facts, _weight(facts, context)) for facts in undone]
    found = locks_of(executed, atomic=context.runs_in_transaction)
    return tuple(lock for lock in found if lock.lock.table not in made)


def _weight(facts: Facts, context: Context) -> Estimate | None:
    """How long it takes on the tables as they are now; how many rows a new one will have, nobody knows."""
    works = works_of(facts)
    is_known = works and not any(context.is_new(work.table) for work in works)
    return context.estimate_of(facts) if is_known else None
