"""What belongs to a PostgreSQL database and is in no dump of it: owner, encoding, collation, settings, privileges."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: Settings whose stored value is a list of quoted names already; pg_dump keeps the same list.
#: https://github.com/postgres/postgres/blob/master/src/bin/pg_dump/dumputils.c (variable_is_guc_list_quote)
LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)
PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}

# The columns for locales differ between versions; as JSON they can be asked for without an error.
ATTRIBUTES = """
SELECT pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding), t.spcname,
       pg_catalog.shobj_description(d.oid, 'pg_database'), pg_catalog.to_jsonb(d)::text
FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = %s
"""
SETTINGS = """
SELECT r.rolname, unnest(s.setconfig) FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
WHERE d.datname = %s
"""
PRIVILEGES = """
SELECT g.rolname, a.privilege_type, a.is_grantable
FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE d.datname = %s
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of one database."""

    name: str
    owner: str
    encoding: str
    tablespace: str
    comment: str | None
    catalogue: dict[str, Any]

    def create_clauses(self) -> str:
        """Return the clauses of a CREATE DATABASE that makes an empty database alike."""
        row = self.catalogue
        provider = PROVIDERS.get(row.get("datlocprovider", "c"), "libc")
        locale = row.get("datlocale") or row.get("daticulocale")
        clauses = [
            f"OWNER {quoted(self.owner)}",
            "TEMPLATE template0",
            f"ENCODING {literal(self.encoding)}",
            f"LC_COLLATE {literal(row['datcollate'])}",
            f"LC_CTYPE {literal(row['datctype'])}",
        ]
        if provider != "libc":
            clauses += [
                f"LOCALE_PROVIDER {provider}",
                f"{provider.upper()}_LOCALE {literal(str(locale))}",
            ]
        if row.get("daticurules"):
            clauses.append(f"ICU_RULES {literal(row['daticurules'])}")
        if self.tablespace != "pg_default":
            clauses.append(f"TABLESPACE {quoted(self.tablespace)}")
        clauses.append(f"CONNECTION LIMIT {int(row['datconnlimit'])}")
        return " ".join(clauses)


def read_attributes(maintenance: BaseDatabaseWrapper, name: str) -> Attributes | None:
    """Return the attributes of a database, or None when there is none of this name."""
    with maintenance.cursor() as cursor:
        cursor.execute(ATTRIBUTES, [name])
        row = cursor.fetchone()
    if row is None:
        return None
    owner, encoding, tablespace, comment, catalogue = row
    return Attributes(name, owner, encoding, tablespace, comment, json.loads(catalogue))


def copy_settings(
    maintenance: BaseDatabaseWrapper, attributes: Attributes | None, target: str
) -> tuple[str, ...]:
    """Give another database the settings, privileges and comment of this one; return what this role may not give."""
    if attributes is None:
        return ()
    statements = _settings(maintenance, attributes.name, target)
    if attributes.catalogue.get("datacl") is not None:
        statements += _privileges(maintenance, attributes, target)
    if attributes.comment:
        statements.append(f"COMMENT ON DATABASE {quoted(target)} IS {literal(attributes.comment)}")
    notices = []
    for statement in statements:
        try:
            with maintenance.cursor() as cursor:
                cursor.execute(statement)
        except DatabaseError as error:
            meant = statement.replace(quoted(target), quoted(attributes.name))
            notices.append(
                f"The role could not carry over a property of the database ({str(error).strip()}): {meant}"
            )
    return tuple(notices)


def _settings(maintenance: BaseDatabaseWrapper, name: str, target: str) -> list[str]:
    with maintenance.cursor() as cursor:
        cursor.execute(SETTINGS, [name])
        rows = cursor.fetchall()
    statements = []
    for role, setting in rows:
        key, _, value = setting.partition("=")
        whose = (
            f"ROLE {quoted(role)} IN DATABASE {quoted(target)}"
            if role
            else f"DATABASE {quoted(target)}"
        )
        given = value if key in LISTS and value else literal(value)
        statements.append(f"ALTER {whose} SET {quoted_setting(key)} TO {given}")
    return statements


def _privileges(maintenance: BaseDatabaseWrapper, attributes: Attributes, target: str) -> list[str]:
    with maintenance.cursor() as cursor:
        cursor.execute(PRIVILEGES, [attributes.name])
        rows = cursor.fetchall()
    statements = [f"REVOKE ALL ON DATABASE {quoted(target)} FROM PUBLIC"]
    for role, privilege, grantable in rows:
        if role == attributes.owner:
            continue
        whom = quoted(role) if role else "PUBLIC"
        option = " WITH GRANT OPTION" if grantable else ""
        statements.append(f"GRANT {privilege} ON DATABASE {quoted(target)} TO {whom}{option}")
    return statements


def quoted(name: str) -> str:
    """Return an identifier in quotes; Django's own quoting leaves quotes inside a name alone."""
    return '"' + name.replace('"', '""') + '"'


def quoted_setting(name: str) -> str:
    """Return the name of a setting in quotes, part by part."""
    return ".".join(quoted(part) for part in name.split("."))


def literal(value: str) -> str:
    """Return a string literal."""
    escaped = value.replace("'", "''")
    if "\\" in escaped:
        return " E'" + escaped.replace("\\", "\\\\") + "'"
    return f"'{escaped}'"
