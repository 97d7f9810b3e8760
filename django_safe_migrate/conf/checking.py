"""Checking one dictionary of the settings against its keys; every error names the key, the value seen and what is accepted."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_safe_migrate.conf.keys import REQUIRED, Key


def check(raw: Any, keys: Mapping[str, Key], where: str) -> dict[str, Any]:
    """
    Return the value of every key, checked, by its name in lower case.

    Raises:
        ImproperlyConfigured: it is no dictionary, a key is unknown or missing, or a value is not accepted.
    """
    if not isinstance(raw, Mapping):
        raise ImproperlyConfigured(f"{where} is {raw!r}; it must be a dictionary.")
    for name in raw:
        if name not in keys:
            raise ImproperlyConfigured(unknown_key(name, keys, where))
    return {
        name.lower(): parse(raw.get(name, key.default), key, f'{where}["{name}"]')
        for name, key in keys.items()
    }


def parse(value: Any, key: Key, where: str) -> Any:
    """Return the checked value of one key; raise ``ImproperlyConfigured`` when it is not accepted."""
    if value is REQUIRED:
        raise ImproperlyConfigured(f"{where} is missing; it must be {key.accepts}.")
    try:
        return key.parse(value)
    except (TypeError, ValueError) as error:
        reason = f" ({error})" if str(error) else ""
        raise ImproperlyConfigured(
            f"{where} is {value!r}{reason}; it must be {key.accepts}."
        ) from error


def unknown_key(name: Any, keys: Collection[str], where: str) -> str:
    """Return the sentence that says that a dictionary has no such key, and which ones it has."""
    close = difflib.get_close_matches(str(name).upper(), keys, n=1)
    suggestion = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"{where} has an unknown key {name!r}.{suggestion} Known keys: {', '.join(sorted(keys))}."
    )
