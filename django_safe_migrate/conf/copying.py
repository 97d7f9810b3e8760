"""The storages that ``BACKUP["COPIES"]`` names: each has to be in ``STORAGES``, once, and not the one that backups are kept in."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages

#: The alias of the storage of the backups themselves, as django-dbbackup has it.
PRIMARY = "dbbackup"


def check_aliases(aliases: Sequence[str], setting: str) -> None:
    """Raise ``ImproperlyConfigured`` for an alias that no copy can be put into; the message names it and the known ones."""
    where = f'{setting}["BACKUP"]["COPIES"]'
    for place, alias in enumerate(aliases):
        known = sorted(set(storages.backends) - {PRIMARY})
        if alias == PRIMARY:
            raise ImproperlyConfigured(
                f"{where} has {alias!r}, where the backups themselves are kept. Known aliases: {', '.join(known)}."
            )
        if alias not in known:
            close = difflib.get_close_matches(alias, known, n=1)
            meant = f" Did you mean {close[0]!r}?" if close else ""
            raise ImproperlyConfigured(
                f"{where} has {alias!r}, and STORAGES has no such alias.{meant} Known aliases: {', '.join(known)}."
            )
        if alias in aliases[:place]:
            raise ImproperlyConfigured(f"{where} has {alias!r} twice.")
