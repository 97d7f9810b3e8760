from __future__ import annotations

import io
import json
import re

import pytest
from django.core.management.base import OutputWrapper

from django_safe_migrate.reports import as_json, build, console, markdown, render
from tests.records import succeeded


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")


def test_each_format_is_rendered_by_its_own_file() -> None:
    report = build(succeeded().record())
    assert render.to_text(report, "json") == as_json.render(report)
    assert render.to_text(report, "markdown") == markdown.render(report)
    assert render.to_text(report, "text") == console.render(report)
    with pytest.raises(
        ValueError, match="'xml' is not a format of reports; there are text, json, markdown"
    ):
        render.to_text(report, "xml")


@pytest.mark.parametrize(
    ("stream", "options", "colored"),
    [
        (io.StringIO(), {}, False),
        (io.StringIO(), {"force_color": True}, True),
        (OutputWrapper(FakeTerminal()), {}, True),
        (OutputWrapper(FakeTerminal()), {"no_color": True}, False),
    ],
)
def test_colours_follow_the_terminal_and_the_options(
    stream: object, options: dict[str, bool], colored: bool
) -> None:
    report = build(succeeded().record())
    text = render.to_text(report, "text", stdout=stream, options=options)
    assert ("\x1b[" in text) is colored
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert [line.split() for line in plain.splitlines()] == [
        line.split() for line in console.render(report).splitlines()
    ]
    assert not re.search(r" +$", plain, re.MULTILINE)


def test_nothing_to_do() -> None:
    assert render.nothing_to_do("default", "text") == "  No migrations to apply.\n"
    assert (
        render.nothing_to_do("a_b|c", "markdown")
        == "# Migration report: a_b\\|c\n\nNo migrations to apply.\n"
    )
    assert json.loads(render.nothing_to_do("default", "json")) == {
        "schema_version": 1,
        "run": None,
        "database": "default",
        "migrations": [],
    }
