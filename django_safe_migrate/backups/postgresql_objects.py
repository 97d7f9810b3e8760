"""How many objects of each kind a database of PostgreSQL has."""

from __future__ import annotations

from typing import Any

#: What a restored database must have as many of as the dumped one. Members of extensions come with the extension, invalid
#: indexes are not dumped, and NOT NULL constraints became objects of their own only in version 18.
OBJECTS = """
WITH schemas AS (
    SELECT oid FROM pg_catalog.pg_namespace WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%%'
), members AS (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e')
SELECT kind, count(*) FROM (
    SELECT CASE WHEN c.relkind IN ('r', 'p', 'f') THEN 'tables' WHEN c.relkind IN ('v', 'm') THEN 'views'
                WHEN c.relkind = 'S' THEN 'sequences' ELSE 'indexes' END AS kind
    FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    WHERE c.relnamespace IN (SELECT oid FROM schemas) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'i', 'I')
      AND c.relpersistence <> 't' AND (i.indexrelid IS NULL OR i.indisvalid OR c.relkind = 'I')
      AND NOT EXISTS (SELECT FROM members WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)
    UNION ALL
    SELECT 'constraints' FROM pg_catalog.pg_constraint WHERE connamespace IN (SELECT oid FROM schemas) AND contype <> 'n'
    UNION ALL
    SELECT 'triggers' FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace IN (SELECT oid FROM schemas) AND NOT t.tgisinternal
    UNION ALL
    SELECT 'functions' FROM pg_catalog.pg_proc p WHERE p.pronamespace IN (SELECT oid FROM schemas)
      AND NOT EXISTS (SELECT FROM members WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
) AS objects GROUP BY kind
"""


def count(connection: Any) -> dict[str, int]:
    """Return how many objects of each kind there are."""
    with connection.cursor() as cursor:
        cursor.execute(OBJECTS, [])
        return {kind: int(number) for kind, number in cursor.fetchall()}
