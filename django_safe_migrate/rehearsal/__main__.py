"""The process that rehearses, started as ``python -m django_safe_migrate.rehearsal`` by ``directing``; of no use by hand."""

from __future__ import annotations

import sys
import traceback

from django_safe_migrate.rehearsal import telling
from django_safe_migrate.rehearsal.isolation import Isolation


def main() -> int:
    """Take orders, rehearse, tell; return the exit status: 0 when everything was told, 1 when it could not be."""
    # Raises where nobody gave orders, before anything is read.
    Isolation.from_environment()
    teller = telling.Teller()
    told = teller.orders()
    try:
        _rehearse(told, teller)
    except Exception as error:
        from django_safe_migrate.execution.errors import describe

        traceback.print_exc()
        teller.tell(telling.FAILED, pass_name="", message=describe(error))  # noqa: S106 - a name of a pass
    teller.close()
    return 0


def _rehearse(told: dict[str, object], teller: telling.Teller) -> None:
    import django

    django.setup()
    from django_safe_migrate.rehearsal.child import Orders, Rehearsal

    Rehearsal(Orders.from_json(told), teller).carry_out()


if __name__ == "__main__":
    sys.exit(main())
