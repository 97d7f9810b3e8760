from __future__ import annotations

import functools
from functools import partial

import pytest
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

RULE = "run_python_argument_names"
ON = {"rules": {RULE: "warning"}}
finds = partial(assert_finds, RULE, settings=ON)
clean = partial(assert_clean, RULE, settings=ON)

MESSAGE = "{} in shop.0002_change calls its arguments {} instead of apps and schema_editor."


def both(registry, editor):
    """Neither has its usual name."""


def first(registry, schema_editor):
    """One has not."""


def second(apps, connection):
    """The other has not."""


def exchanged(schema_editor, apps):
    """In the wrong order."""


class Steps:
    def method(self, registry, schema_editor):
        """Of an object."""

    def __call__(self, apps, editor):
        """An object that can be called."""


def with_option(option, registry, schema_editor):
    """A partial gives the first."""


POSITIVE = [
    (both, "RunPython of both", "registry and editor"),
    (first, "RunPython of first", "registry and schema_editor"),
    (second, "RunPython of second", "apps and connection"),
    (exchanged, "RunPython of exchanged", "schema_editor and apps"),
    (Steps().method, "RunPython of method", "registry and schema_editor"),
    (Steps(), "RunPython", "apps and editor"),
    (functools.partial(with_option, 1), "RunPython", "registry and schema_editor"),
]


@pytest.mark.parametrize(("function", "title", "names"), POSITIVE)
def test_other_names(function, title, names):
    [found] = finds([operations.RunPython(function)], MESSAGE.format(title, names))
    assert found.file == __file__
    assert found.line > 0
    assert found.hint.endswith("(apps, schema_editor):")


def usual(apps, schema_editor):
    """As all others do."""


def unused(_apps, _schema_editor):
    """Marked as unused."""


def nameless(_, __):
    """Without names."""


def any_number(*args):
    """No names to give."""


def with_more(apps, schema_editor, *, size=1000):
    """More of them."""


NEGATIVE = [usual, unused, nameless, any_number, with_more, len]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_usual_names(function):
    clean([operations.RunPython(function)])


def test_off_by_default():
    assert_clean(RULE, [operations.RunPython(both)])


def test_noop():
    clean([operations.RunPython(operations.RunPython.noop)])
