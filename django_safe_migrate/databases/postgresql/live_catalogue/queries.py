"""
The queries of the live catalogue, for PostgreSQL 14 and later.

Tables are named as the search path shows them, and ``schema.table`` where it does not; ``{name}`` stands for that.
"""

from __future__ import annotations


def _name(alias: str) -> str:
    return (
        f"CASE WHEN pg_catalog.pg_table_is_visible({alias}.oid) THEN {alias}.relname::text"
        f" ELSE {alias}.relnamespace::regnamespace::name::text || '.' || {alias}.relname::text END"
    )


_COLUMNS = """(SELECT coalesce(array_agg(a.attname::text ORDER BY p.place), '{{}}')
    FROM unnest({keys}) WITH ORDINALITY AS p(number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = {table} AND a.attnum = p.number)"""

#: Every table and view: its number, its names, its kind, the table that it is a part of, whether it is a default partition.
RELATIONS = f"""
    SELECT c.oid, {_name("c")}, c.relnamespace::regnamespace::name::text || '.' || c.relname::text, c.relkind::text,
           i.inhparent, c.relispartition,
           c.relispartition AND pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT'
    FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
      AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace)
    ORDER BY c.relname, c.oid
"""  # noqa: S608 - made of constants

#: Before PostgreSQL 18 no NOT NULL can be unvalidated, and none is found here.
COLUMNS = """
    SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),
           a.attnotnull AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_constraint n
               WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated),
           a.attidentity <> '' OR pg_catalog.pg_get_serial_sequence(a.attrelid::regclass::text, a.attname) IS NOT NULL,
           a.attgenerated::text, pg_catalog.pg_get_expr(d.adbin, d.adrelid),
           CASE WHEN a.attcollation <> t.typcollation THEN l.collname::text ELSE '' END
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
"""

#: What an expression or a condition reads is in pg_depend, unless the index has the column as well.
INDEXES = f"""
    SELECT c.relname::text, {_COLUMNS.format(keys="i.indkey::smallint[]", table="i.indrelid")}, i.indisunique, m.amname::text,
           EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
                   AND k.conrelid = i.indrelid),
           CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL THEN '{{}}' ELSE
             (SELECT coalesce(array_agg(DISTINCT a.attname::text), '{{}}')
              FROM pg_catalog.pg_depend d
              JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
              WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid)
           END
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = c.relam
    WHERE i.indrelid = %s
    ORDER BY c.relname
"""  # noqa: S608 - made of constants

INDEX_TABLE = """
    SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = pg_catalog.to_regclass(%s)
"""

CONSTRAINTS = f"""
    SELECT k.conname::text, k.contype::text, {_COLUMNS.format(keys="k.conkey", table="k.conrelid")},
           k.confrelid, {_COLUMNS.format(keys="k.confkey", table="k.confrelid")}, k.convalidated,
           CASE WHEN k.contype = 'c' THEN pg_catalog.pg_get_constraintdef(k.oid) ELSE '' END
    FROM pg_catalog.pg_constraint k
    WHERE k.conrelid = %s AND k.contype IN ('c', 'f', 'n', 'p', 'u', 'x')
    ORDER BY k.conname
"""  # noqa: S608 - made of constants

#: Tables with a foreign key, and the table that it references; those that reference themselves left out.
REFERENCES = """
    SELECT DISTINCT k.conrelid, k.confrelid FROM pg_catalog.pg_constraint k
    WHERE k.contype = 'f' AND k.conrelid <> k.confrelid
"""

#: Views on a table, or on a column of it, and the views on those.
DEPENDANTS = """
    WITH RECURSIVE reads AS (
        SELECT r.ev_class AS reader, d.refobjid AS what, d.refobjsubid AS number
        FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND r.ev_class <> d.refobjid
    ), readers AS (
        SELECT reader FROM reads
        WHERE what = %s AND (%s = '' OR number = (
            SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = what AND a.attname = %s))
        UNION SELECT reads.reader FROM reads JOIN readers ON reads.what = readers.reader
    )
    SELECT reader FROM readers
"""

DOMAIN = """
    WITH RECURSIVE layers AS (
        SELECT t.oid, t.typbasetype, t.typtypmod, t.typnotnull FROM pg_catalog.pg_type t
        WHERE t.oid = pg_catalog.to_regtype(%s) AND t.typtype = 'd'
        UNION ALL
        SELECT t.oid, t.typbasetype, t.typtypmod, t.typnotnull FROM pg_catalog.pg_type t JOIN layers ON t.oid = layers.typbasetype
        WHERE t.typtype = 'd'
    )
    SELECT (SELECT pg_catalog.format_type(typbasetype, typtypmod) FROM layers LIMIT 1),
           bool_or(typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contypid = layers.oid))
    FROM layers
"""

#: Ordinary tables and materialised views with a column of a domain, or of a domain over it.
DOMAIN_USERS = """
    WITH RECURSIVE domains AS (
        SELECT pg_catalog.to_regtype(%s)::oid AS oid
        UNION SELECT t.oid FROM pg_catalog.pg_type t JOIN domains ON t.typbasetype = domains.oid
    )
    SELECT DISTINCT c.oid FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE a.atttypid IN (SELECT oid FROM domains) AND NOT a.attisdropped AND c.relkind IN ('r', 'm')
"""

TIMEZONE = "SELECT pg_catalog.current_setting('TimeZone')"
