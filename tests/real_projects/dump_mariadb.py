"""How a MariaDB or MySQL database is read for comparison: `mysqldump --no-data`, the rows, every AUTO_INCREMENT."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.real_projects.client_programs import run_client
from tests.real_projects.dumps import (
    DatabaseDump,
    Exclusion,
    ReadRows,
    Row,
    compared_counters,
    read_tables,
)

if TYPE_CHECKING:
    from MySQLdb.connections import Connection

# Settings of the session that loads the dump, and the line that starts MariaDB's sandbox mode.
NOISE = re.compile(r"/\*!\d+ SET |/\*M?!999999")
# The next id to give out stands in CREATE TABLE; it is compared as a counter, not as schema.
AUTO_INCREMENT = re.compile(r" AUTO_INCREMENT=(\d+)")
CREATE_TABLE = re.compile(r"CREATE TABLE `([^`]+)` \(.*?^\) ENGINE[^\n]*", re.DOTALL | re.MULTILINE)
DUMP_OPTIONS = (
    "--no-data",
    "--skip-comments",
    "--skip-add-drop-table",
    "--routines",
    "--triggers",
    "--events",
)

COLUMNS = """
    SELECT c.table_name, c.column_name
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'
    ORDER BY c.table_name, c.ordinal_position
"""
PROPERTIES = """
    SELECT default_character_set_name, default_collation_name
    FROM information_schema.schemata WHERE schema_name = DATABASE()
"""


def read_database(
    database: Mapping[str, Any], environment: Mapping[str, str], exclusions: tuple[Exclusion, ...]
) -> DatabaseDump:
    """Read the database through one connection and one call of `mysqldump`."""
    # Imported here: the driver needs a compiler to install, and only these databases need the driver.
    import MySQLdb

    written = _read_schema(database, environment)
    # Without converters the driver hands out the bytes that the server sent.
    with closing(MySQLdb.connect(**_connection_parameters(database), conv={})) as connection:
        ((charset, collation),) = _query(connection, PROPERTIES)
        return DatabaseDump(
            schema=AUTO_INCREMENT.sub("", written),
            tables=read_tables(_read_columns(connection), _row_reader(connection), exclusions),
            counters=compared_counters(_read_counters(written), exclusions),
            properties={"character set": charset or "", "collation": collation or ""},
        )


def _connection_parameters(database: Mapping[str, Any]) -> dict[str, Any]:
    host = str(database.get("HOST") or "")
    given = {
        "db": database["NAME"],
        "user": database.get("USER"),
        "passwd": database.get("PASSWORD"),
        "unix_socket" if host.startswith("/") else "host": host,
        "port": int(database.get("PORT") or 0),
    }
    return {name: value for name, value in given.items() if value} | {"charset": "utf8mb4"}


def _read_schema(database: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    parameters = _connection_parameters(database)
    names = {"user": "--user", "host": "--host", "port": "--port", "unix_socket": "--socket"}
    reach = [f"{option}={parameters[name]}" for name, option in names.items() if name in parameters]
    variables = {**environment, "MYSQL_PWD": parameters.get("passwd", "")}
    text = run_client(
        ("mariadb-dump", "mysqldump"),
        ("--no-defaults", *reach, *DUMP_OPTIONS, parameters["db"]),
        variables,
    )
    return "\n".join(line for line in text.splitlines() if line and not NOISE.match(line))


def _read_counters(written: str) -> dict[str, int | None]:
    """Take each table's AUTO_INCREMENT from its own CREATE TABLE: information_schema may answer from a cache."""
    counters: dict[str, int | None] = {}
    for statement in CREATE_TABLE.finditer(written):
        found = AUTO_INCREMENT.search(statement[0])
        counters[statement[1]] = int(found[1]) if found else None
    return counters


def _read_columns(connection: Connection) -> dict[str, tuple[str, ...]]:
    columns: dict[str, tuple[str, ...]] = {}
    for table, column in _query(connection, COLUMNS):
        columns[table or ""] = (*columns.get(table or "", ()), column or "")
    return columns


def _row_reader(connection: Connection) -> ReadRows:
    def read_rows(table: str, columns: tuple[str, ...]) -> Iterable[Row]:
        return _query(
            connection, f"SELECT {', '.join(f'`{column}`' for column in columns)} FROM `{table}`"
        )

    return read_rows


def _query(connection: Connection, query: str) -> list[Row]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(query)
        return [tuple(_as_text(value) for value in row) for row in cursor.fetchall()]


def _as_text(value: bytes | str | None) -> str | None:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
