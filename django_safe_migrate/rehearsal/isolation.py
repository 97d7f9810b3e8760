"""
The settings of the process that rehearses: the project's own, cut off from everything but the copy.

* The rehearsed alias is the scratch database, and so is an alias whose ``TEST["MIRROR"]`` is that one; every other alias refuses to be
  connected to, unless ``REACH`` names it.
* Mails, caches, tasks of Django, and files that are saved go nowhere or into memory.

What a migration opens by itself, such as a URL or a connection made without Django, is out of reach of settings.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

#: The environment variable that tells what follows to the settings of the process, and of programs that it starts.
VARIABLE = "SAFE_MIGRATE_REHEARSAL"
#: The settings module of that process.
MODULE = "django_safe_migrate.rehearsal.settings"
REFUSED = "django_safe_migrate.rehearsal.refused"

_OVERLAID = "django_safe_migrate.rehearsal.storage.OverlaidStorage"
_NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"
_NO_TASKS = "django.tasks.backends.dummy.DummyBackend"
_MEMORY = "django.core.cache.backends.locmem.LocMemCache"
#: Where django-dbbackup's settings say how the maintenance of an alias connects; the scratch database was made that way.
_CONNECTORS = "DBBACKUP_CONNECTORS"
_OVERRIDES = ("HOST", "PORT", "USER", "PASSWORD")
#: Where a project that uses Celery names its broker.
_BROKERS = ("CELERY_BROKER_URL", "BROKER_URL")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclasses.dataclass(frozen=True, slots=True)
class Isolation:
    """What the process is told: the project's settings module, the alias rehearsed, the name of its copy, and aliases that stay."""

    settings: str
    alias: str
    name: str
    reach: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """Return the variables that make a process use these settings."""
        return {
            VARIABLE: json.dumps(dataclasses.asdict(self)),
            "DJANGO_SETTINGS_MODULE": MODULE,
        }

    @classmethod
    def from_environment(cls) -> Isolation:
        """Return what this process was told; raise ``ImproperlyConfigured`` when it was not started by a rehearsal."""
        try:
            told = json.loads(os.environ[VARIABLE])
        except KeyError:
            raise ImproperlyConfigured(
                f"{MODULE} are the settings of a process that a rehearsal starts; start one with: manage.py migrate_rehearse"
            ) from None
        return cls(told["settings"], told["alias"], told["name"], tuple(told["reach"]))


def isolated(isolation: Isolation) -> dict[str, Any]:
    """
    Return the settings of the process that rehearses.

    Raises:
        ImproperlyConfigured: the project's settings module has no such database, or an alias that shall stay is the real one.
    """
    module = importlib.import_module(isolation.settings)
    settings = {name: getattr(module, name) for name in dir(module) if name.isupper()}
    return {
        **settings,
        "DATABASES": _databases(settings, isolation),
        "CACHES": {
            alias: {"BACKEND": _MEMORY, "LOCATION": f"safe-migrate-rehearsal-{alias}"}
            for alias in {"default", *settings.get("CACHES", {})}
        },
        **_mail(settings),
        **_storages(settings),
        **_tasks(settings),
    }


def _databases(settings: Mapping[str, Any], isolation: Isolation) -> dict[str, Any]:
    entries = settings.get("DATABASES") or {}
    if isolation.alias not in entries:
        raise ImproperlyConfigured(
            f"The settings module {isolation.settings} has no database {isolation.alias!r}: a rehearsal needs settings that a module "
            "defines, as DJANGO_SETTINGS_MODULE names it."
        )
    real = entries[isolation.alias]
    return {
        alias: _copy(settings, isolation)
        if alias == isolation.alias or _mirrors(entry, isolation.alias)
        else _other(alias, entry, real, isolation)
        for alias, entry in entries.items()
    }


def _mirrors(entry: Mapping[str, Any], alias: str) -> bool:
    """Whether the project says, as Django's tests ask it to, that this alias is a replica of the other one."""
    return bool((entry.get("TEST") or {}).get("MIRROR") == alias)


def _copy(settings: Mapping[str, Any], isolation: Isolation) -> dict[str, Any]:
    """The entry of the scratch database; connected to as it was made, and never through a pool, which belongs to one database."""
    entry = dict(settings["DATABASES"][isolation.alias])
    overrides = (settings.get(_CONNECTORS) or {}).get(isolation.alias) or {}
    entry.update({key: overrides[key] for key in _OVERRIDES if key in overrides})
    options = {key: one for key, one in (entry.get("OPTIONS") or {}).items() if key != "pool"}
    return {**entry, "NAME": isolation.name, "OPTIONS": options, "CONN_MAX_AGE": 0}


def _other(
    alias: str, entry: Mapping[str, Any], real: Mapping[str, Any], isolation: Isolation
) -> dict[str, Any]:
    if alias not in isolation.reach:
        return {"ENGINE": REFUSED, "NAME": alias}
    ensure_elsewhere(alias, entry, isolation.alias, real)
    return dict(entry)


def ensure_elsewhere(
    alias: str, entry: Mapping[str, Any], rehearsed: str, real: Mapping[str, Any]
) -> None:
    """Raise ``ImproperlyConfigured`` when an alias that a rehearsal may reach is the very database that is rehearsed, as far as names tell."""
    if _name(entry) == _name(real) and _host(entry) == _host(real) and _ports_agree(entry, real):
        raise ImproperlyConfigured(
            f"SAFE_MIGRATE['REHEARSE']['REACH'] names {alias!r}, which is the same database as {rehearsed!r}: a rehearsal would write to the "
            "real one."
        )


def _name(entry: Mapping[str, Any]) -> str:
    name = str(entry.get("NAME") or "")
    return str(Path(name).resolve()) if str(entry.get("ENGINE")).endswith("sqlite3") else name


def _host(entry: Mapping[str, Any]) -> str:
    """The host; every name of this machine, and a folder of sockets, is the same one."""
    host = str(entry.get("HOST") or "")
    return "" if host.startswith("/") or host in _LOCAL else host


def _ports_agree(entry: Mapping[str, Any], real: Mapping[str, Any]) -> bool:
    """Whether two ports can be the same one: no port is the server's usual one, which is not known here."""
    mine, theirs = (str(one.get("PORT") or "") for one in (entry, real))
    return not mine or not theirs or mine == theirs


def _mail(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that send no mail; Django accepts only one of the two ways to say it."""
    if "MAILERS" in settings:
        return {"MAILERS": {alias: {"BACKEND": _NO_MAIL} for alias in settings["MAILERS"]}}
    return {"EMAIL_BACKEND": _NO_MAIL}


def _storages(settings: Mapping[str, Any]) -> dict[str, Any]:
    from django.conf import global_settings

    entries = {**global_settings.STORAGES, **settings.get("STORAGES", {})}
    overlaid = {
        alias: entry
        if alias == "staticfiles"
        else {"BACKEND": _OVERLAID, "OPTIONS": {"original": entry}}
        for alias, entry in entries.items()
    }
    return {"STORAGES": overlaid}


def _tasks(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Tasks of Django are kept in memory and never carried out; Celery's broker is one in memory."""
    found: dict[str, Any] = {name: "memory://" for name in _BROKERS if name in settings}
    if "TASKS" in settings:
        found["TASKS"] = {
            alias: {key: one for key, one in entry.items() if key == "QUEUES"}
            | {"BACKEND": _NO_TASKS}
            for alias, entry in settings["TASKS"].items()
        }
    return found
