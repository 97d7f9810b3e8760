"""Portraits of a PostgreSQL database, in the words of its own catalogue functions."""

from __future__ import annotations

from django_safe_migrate.databases.portraits import Content, Painter

_TABLES = """
    SELECT c.oid, CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS name, c.relkind
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relpersistence <> 't' AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname NOT LIKE 'pg\\_%'
      AND n.nspname <> 'information_schema'
"""
_SCHEMA = f"""
    WITH tables AS ({_TABLES})
    SELECT t.name || '.' || a.attname::text,
           pg_catalog.format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
           || coalesce(' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
           || CASE a.attidentity WHEN '' THEN '' ELSE ' IDENTITY ' || a.attidentity::text END
           || CASE a.attgenerated WHEN '' THEN '' ELSE ' GENERATED ' || a.attgenerated::text END
           || CASE WHEN a.attcollation NOT IN (0, 100) THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END
    FROM tables t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE t.relkind <> 'S'
    UNION ALL
    SELECT t.name || ' constraint ' || k.conname::text,
           pg_catalog.pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' (not valid)' END
    FROM tables t JOIN pg_catalog.pg_constraint k ON k.conrelid = t.oid AND k.contype <> 'n'
    UNION ALL
    SELECT t.name || ' index ' || x.relname::text, pg_catalog.pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END
    FROM tables t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    UNION ALL
    SELECT t.name || ' trigger ' || g.tgname::text, pg_catalog.pg_get_triggerdef(g.oid)
    FROM tables t JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
    UNION ALL
    SELECT 'view ' || t.name, pg_catalog.pg_get_viewdef(t.oid) FROM tables t WHERE t.relkind IN ('v', 'm')
    UNION ALL
    SELECT 'sequence ' || t.name, '' FROM tables t WHERE t.relkind = 'S'
    UNION ALL
    SELECT 'table ' || t.name, '' FROM tables t WHERE t.relkind IN ('r', 'p')
"""  # noqa: S608 - constants


class PostgreSQLPainter(Painter):
    """Reads the catalogue with one query, and each table once."""

    def schema(self) -> dict[str, str]:
        return {str(name): str(words) for name, words in self.database.ask(_SCHEMA)}

    def _content(self, table: str, columns: list[str]) -> Content:
        (name,) = self.quoted([table])
        row = f"ROW({', '.join(f't.{column}' for column in self.quoted(columns))})::text"
        found = self.database.ask(
            f"SELECT count(*), coalesce(sum(pg_catalog.hashtextextended({row}, 0)), 0) FROM {name} t"  # noqa: S608 - quoted
        )
        return Content(int(found[0][0]), int(found[0][1]))
