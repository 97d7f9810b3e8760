"""The options of the commands, out of their argument parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from django.core.management import load_command_class
from django.core.management.base import BaseCommand
from django.core.management.commands import migrate
from pages import table

APP = "django_safe_migrate"
#: Their choices are the aliases of the project.
_ALIASES = "database"
_SILENT_DEFAULTS = (None, False, argparse.SUPPRESS, "", [], ())


def own_options(command: str) -> str:
    """Return the options of a command that are neither ``migrate``'s nor those of every command."""
    parser = _parser(load_command_class(APP, command), command)
    known = _names(_parser(BaseCommand(), ""))
    if command == "safemigrate":
        known |= _names(_migrate_parser())
    return _options(action for action in parser._actions if not _name(action) & known)


def migrate_options(command: str) -> str:
    """Return the options of a command that it has from Django's ``migrate``."""
    wanted = _names(_migrate_parser()) - _names(_parser(BaseCommand(), ""))
    parser = _parser(load_command_class(APP, command), command)
    return _options(action for action in parser._actions if _name(action) & wanted)


def django_options() -> str:
    """Return the options of every Django command."""
    return _options(_parser(BaseCommand(), "")._actions)


def _parser(command: BaseCommand, name: str) -> argparse.ArgumentParser:
    return command.create_parser("manage.py", name)


def _migrate_parser() -> argparse.ArgumentParser:
    return _parser(migrate.Command(), "migrate")


def _names(parser: argparse.ArgumentParser) -> set[str]:
    return {name for action in parser._actions for name in _name(action)}


def _name(action: argparse.Action) -> set[str]:
    return set(action.option_strings) or {action.dest}


def _options(actions: Iterable[argparse.Action]) -> str:
    shown = [
        (_usage(action), _help(action))
        for action in actions
        if action.help is not argparse.SUPPRESS
    ]
    return table(("Option", "Meaning"), shown) if shown else ""


def _usage(action: argparse.Action) -> str:
    value = _value(action)
    if not action.option_strings:
        return f"`{value}`"
    return ", ".join(f"`{name} {value}`".replace(" `", "`") for name in action.option_strings)


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    name = action.metavar or (action.dest.upper() if action.option_strings else action.dest)
    if action.choices is not None and action.dest != _ALIASES:
        name = action.metavar or "{" + ",".join(str(choice) for choice in action.choices) + "}"
    return {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} [{name} ...]"}.get(
        str(action.nargs), str(name)
    )


def _help(action: argparse.Action) -> str:
    text = _sentence((action.help or "") % vars(action))
    is_told = "default" in text.lower() or action.nargs == 0
    if is_told or action.default in _SILENT_DEFAULTS:
        return text
    return f"{text} Default: `{action.default}`."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + (
        "" if text.endswith((".", "!", "?", ")")) or not text else "."
    )
