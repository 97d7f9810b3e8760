"""Portraits of a MariaDB or MySQL database, from its information_schema."""

from __future__ import annotations

from django_safe_migrate.databases.portraits import Content, Painter

_COLUMNS = """
    SELECT CONCAT(table_name, '.', column_name),
           CONCAT(column_type, IF(is_nullable = 'NO', ' NOT NULL', ''), IFNULL(CONCAT(' DEFAULT ', column_default), ''),
                  IF(extra = '', '', CONCAT(' ', extra)), IFNULL(CONCAT(' COLLATE ', collation_name), ''),
                  IF(IFNULL(generation_expression, '') = '', '', CONCAT(' AS ', generation_expression)))
    FROM information_schema.columns WHERE table_schema = DATABASE()
"""
_INDEXES = """
    SELECT CONCAT(table_name, ' index ', index_name),
           CONCAT(IF(MAX(non_unique) = 0, 'UNIQUE ', ''), MAX(index_type), ' (',
                  GROUP_CONCAT(CONCAT(IFNULL(column_name, 'an expression'), IFNULL(CONCAT('(', sub_part, ')'), ''), ' ', IFNULL(collation, ''))
                               ORDER BY seq_in_index SEPARATOR ', '), ')')
    FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name
"""
_KEYS = """
    SELECT CONCAT(k.table_name, ' constraint ', k.constraint_name),
           CONCAT('FOREIGN KEY (', GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR ', '), ') REFERENCES ',
                  MAX(k.referenced_table_name), ' (', GROUP_CONCAT(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR ', '), ') ',
                  MAX(r.delete_rule), ' ', MAX(r.update_rule))
    FROM information_schema.key_column_usage k
    JOIN information_schema.referential_constraints r
      ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
    WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL GROUP BY k.table_name, k.constraint_name
"""
_CHECKS = """
    SELECT CONCAT('check ', constraint_name), check_clause FROM information_schema.check_constraints
    WHERE constraint_schema = DATABASE()
"""
_OTHERS = """
    SELECT CONCAT(IF(table_type LIKE '%VIEW%', 'view ', 'table '), table_name), IFNULL(CONCAT(engine, ' ', table_collation), '')
    FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION ALL
    SELECT CONCAT(event_object_table, ' trigger ', trigger_name), CONCAT(action_timing, ' ', event_manipulation, ' ', action_statement)
    FROM information_schema.triggers WHERE trigger_schema = DATABASE()
"""


class MySQLPainter(Painter):
    """Reads the catalogue with five queries, and each table once."""

    def schema(self) -> dict[str, str]:
        parts = (self.database.ask(sql) for sql in (_COLUMNS, _INDEXES, _KEYS, _CHECKS, _OTHERS))
        return {str(name): str(words) for part in parts for name, words in part}

    def _content(self, table: str, columns: list[str]) -> Content:
        (name,) = self.quoted([table])
        values = ", ".join(
            f"IFNULL(HEX(CAST({column} AS BINARY)), 'NULL')" for column in self.quoted(columns)
        )
        found = self.database.ask(
            f"SELECT COUNT(*), IFNULL(SUM(CRC32(CONCAT_WS(',', {values}))), 0) FROM {name}"  # noqa: S608 - quoted
        )
        return Content(int(found[0][0]), int(found[0][1]))
