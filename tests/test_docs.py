"""Keep the pages true: commands, options, settings, rules and exit codes are those of the code."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.test import override_settings

from django_safe_migrate import conf, environment, exceptions
from django_safe_migrate.analysis.engine import rule_names

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
SOURCES = [*PAGES, ROOT / "README.md"]
OURS = sorted(name for name, app in get_commands().items() if app == "django_safe_migrate")

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=indent)```[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
# What ends the arguments of a command in a line of shell.
OPERATORS = {"&&", "||", "|", ";", ">", ">>", "2>", "<"}
# The example project's own.
FOREIGN = {"seed"}


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def fences(text: str, *languages: str) -> Iterator[str]:
    for match in FENCE.finditer(text):
        if not languages or match["language"] in languages:
            indent = match["indent"]
            yield "".join(
                line.removeprefix(indent) for line in match["body"].splitlines(keepends=True)
            )


def shown_commands(text: str) -> Iterator[list[str]]:
    """Yield the arguments after ``manage.py`` of every line of code that has one."""
    for block in fences(text):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            if "manage.py " not in line or line.lstrip().startswith("#"):
                continue
            yield arguments(line.partition("manage.py ")[2])


def arguments(text: str) -> list[str]:
    """Split a line as a shell would, up to what is no argument any more; a list of YAML is one too."""
    if text.startswith('", '):
        return [str(one) for one in ast.literal_eval(f"[{text[3:]}".partition("]")[0] + "]")]
    # Our messages explain the next command after it.
    # Quotes around a whole command in a sentence are none of its own; nor is what another program is told.
    command = text.partition("   (")[0].partition(" | ")[0].rstrip("\"'")
    words = shlex.split(command, comments=True)
    ends = [place for place, word in enumerate(words) if word in OPERATORS]
    return words[: min(ends, default=len(words))]


def parser_of(command: str) -> argparse.ArgumentParser:
    return load_command_class(get_commands()[command], command).create_parser("manage.py", command)


def cases() -> Iterator[object]:
    for source in SOURCES:
        for words in shown_commands(source.read_text(encoding="utf-8")):
            yield pytest.param(words, id=f"{source.name}: {' '.join(words)}")


def test_generated_parts_are_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "_generate"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r": ([\w-]+\.md)$", navigation, re.MULTILINE))
    assert named == {one.name for one in PAGES}


@pytest.mark.parametrize("words", list(cases()))
def test_shown_command_would_be_accepted(words: list[str]) -> None:
    name, *rest = words
    if name in FOREIGN:
        return
    assert name in get_commands(), f"There is no command {name}."
    # Of the choices only the aliases are the reader's own.
    if "--database" in rest:
        rest[rest.index("--database") + 1] = "default"
    parser = parser_of(name)
    parser.allow_abbrev = False
    # Raises CommandError with the reason.
    parser.parse_args(rest)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_options_in_running_text_exist(source: Path) -> None:
    text = FENCE.sub("", source.read_text(encoding="utf-8"))
    unknown = []
    for span in INLINE.findall(text):
        command, *words = span.split()
        if command not in OURS:
            continue
        known = {
            option for action in parser_of(command)._actions for option in action.option_strings
        }
        unknown += [
            f"{command} {word}" for word in words if word.startswith("--") and word not in known
        ]
    assert unknown == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_settings_and_code_would_be_accepted(source: Path) -> None:
    for block in fences(source.read_text(encoding="utf-8"), "python"):
        shown = {
            ast.unparse(node.targets[0]): node.value
            for node in ast.parse(block).body
            if isinstance(node, ast.Assign)
        }
        ours = {name: shown[name] for name in ("SAFE_MIGRATE", "STORAGES") if name in shown}
        if "SAFE_MIGRATE" in ours:
            with override_settings(**{name: ast.literal_eval(one) for name, one in ours.items()}):
                conf.load()


@pytest.mark.parametrize("command", OURS)
def test_commands_page_has_every_option(command: str) -> None:
    sections = dict(
        re.findall(r"^## [^\n]*\{ #(\w+) \}$(.*?)(?=^## |\Z)", page("commands.md"), re.M | re.S)
    )
    shown = sections[command] + sections["django"]
    options = {option for action in parser_of(command)._actions for option in action.option_strings}
    missing = [option for option in sorted(options) if not re.search(rf"`{option}[ `]", shown)]
    assert missing == []


@pytest.mark.parametrize(
    "keys", [conf.KEYS, conf.BACKUP_KEYS, conf.RETRY_KEYS], ids=["all", "BACKUP", "RETRY"]
)
def test_settings_page_has_every_key(keys: dict[str, conf.Key]) -> None:
    text = page("settings.md")
    missing = [name for name, key in keys.items() if key.doc not in text or f"{name}" not in text]
    assert missing == []


def test_rules_page_has_the_name_of_every_finding_that_can_be_allowed() -> None:
    text = page("rules.md")
    names = rule_names(conf.load()) | environment.RULES
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def every_error() -> list[type[exceptions.SafeMigrateError]]:
    classes = [exceptions.SafeMigrateError]
    for one in classes:
        classes += one.__subclasses__()
    return [one for one in classes if one.__module__ == exceptions.__name__]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__name__)
def test_run_book_has_the_exit_code_of_every_error(
    error: type[exceptions.SafeMigrateError],
) -> None:
    codes = {str(error.exit_code)}
    if error is exceptions.Interrupted:
        codes = {str(128 + number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    rows = re.findall(
        rf"^\| ([\d, ]+) \| `{error.__name__}`.*\| \[\d+\]\(#exit-\d+\) \|$",
        page("run-book.md"),
        re.M,
    )
    assert [set(row.split(", ")) for row in rows] == [codes]


def test_run_book_has_the_errors_of_the_package_and_no_others() -> None:
    assert sorted(error.__name__ for error in every_error()) == exceptions.__all__
