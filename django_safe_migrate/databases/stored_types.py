"""Types that a product keeps as another one than was declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

#: By product in lower case, as declared in lower case. https://mariadb.com/kb/en/json-data-type/
_STORED_AS = {"mariadb": {"json": "longtext"}}


def stored_type(declared: str, database: Database) -> str:
    """Return the type that the catalogue shows for a column declared with one."""
    known = _STORED_AS.get(database.product.lower(), {})
    return known.get(declared.lower(), declared)
