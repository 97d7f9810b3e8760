"""The keys of the settings, out of the tables that check them."""

from __future__ import annotations

import inspect
import re

from pages import table

from django_safe_migrate import checks, conf
from django_safe_migrate.conf.keys import REQUIRED

TABLES = {
    "all": conf.KEYS,
    "backup": conf.BACKUP_KEYS,
    "retry": conf.RETRY_KEYS,
    "before_start": conf.START_KEYS,
    "rehearse": conf.REHEARSE_KEYS,
    "preserve": conf.PRESERVE_KEYS,
}


def keys(which: str) -> str:
    """Return a section for each key of one of the dictionaries."""
    prefix = "" if which == "all" else f"{which}-"
    return "\n\n".join(
        f"### `{_path(which, name)}` {{#{prefix}{name.lower()}}}\n\n"
        f"{key.doc}\n\n"
        f"Accepts {key.accepts}. Default: `{_shown(key.default)}`."
        for name, key in TABLES[which].items()
    )


def breaker_keys() -> str:
    """Return a table of the keys of each circuit breaker."""
    rows = {
        name: [
            (f"`{key}`", one.accepts, _default(one.default), one.doc) for key, one in own.items()
        ]
        for name, own in conf.BREAKER_KEYS.items()
    }
    return "\n\n".join(
        f'### `BREAKERS["{name}"]` {{#breakers-{name.lower()}}}\n\n'
        + table(("Key", "Accepts", "Default", "Meaning"), found)
        for name, found in rows.items()
    )


def _default(value: object) -> str:
    return "none, it must be given" if value is REQUIRED else f"`{_shown(value)}`"


def system_checks() -> str:
    """Return a table of the system checks, out of the docstring of their module."""
    found = re.findall(
        r"^\* (\w\d{3}): (.+?)(?=^\* |\Z)", inspect.getdoc(checks) or "", re.M | re.S
    )
    return table(
        ("Check", "Meaning"), [(f"`safe_migrate.{name}`", _meaning(text)) for name, text in found]
    )


def _meaning(text: str) -> str:
    plain = text.replace("``", "`")
    return f"{plain[:1].upper()}{plain[1:]}"


def _path(which: str, name: str) -> str:
    return name if which == "all" else f'{which.upper()}["{name}"]'


def _shown(value: object) -> str:
    if value == ():
        return "[]"
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10_000:
        return f"{value:_}"
    return repr(value).replace("'", '"')
