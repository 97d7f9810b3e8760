from __future__ import annotations

import functools
import json

import pytest
from django.db import transaction

from django_safe_migrate.analysis.reading_python.sources import (
    is_of_project,
    source_of,
    unwrapped,
)


def plain(apps, schema_editor):
    """A function."""


@transaction.atomic
def in_a_transaction(apps, schema_editor):
    """Decorated, with the function that it wraps."""


def _logged(function):
    def wrapper(apps, schema_editor):
        return function(apps, schema_editor)

    return wrapper


@_logged
def without_wraps(apps, schema_editor):
    """Decorated by somebody who forgot functools.wraps."""


class Steps:
    def method(self, apps, schema_editor):
        """Of an object."""

    @classmethod
    def of_class(cls, apps, schema_editor):
        """Of the class."""

    @staticmethod
    def static(apps, schema_editor):
        """Of nobody."""

    def __call__(self, apps, schema_editor):
        """An object that can be called."""


nameless = lambda apps, schema_editor: None  # noqa: E731
pair = (lambda apps, editor: 1, lambda apps, editor: 2)
different = (lambda apps, editor: 1, lambda registry, editor: 2)

READABLE = [
    (plain, "plain", 0),
    (in_a_transaction, "in_a_transaction", 0),
    (without_wraps, "wrapper", 0),
    (Steps().method, "method", 1),
    (Steps.of_class, "of_class", 1),
    (Steps.static, "static", 0),
    (Steps(), "__call__", 1),
    (functools.partial(plain, schema_editor=None), "plain", 0),
    (functools.partial(Steps().method), "method", 1),
    (nameless, "", 0),
    (different[1], "", 0),
]


@pytest.mark.parametrize(("code", "name", "bound"), READABLE)
def test_source(code, name, bound):
    found = unwrapped(code)
    assert found is not None
    source = source_of(found.function, found.bound)
    assert source is not None
    assert (source.name, source.bound, source.file) == (name, bound, __file__)


def test_closure_is_seen():
    found = unwrapped(without_wraps)
    assert found is not None
    source = source_of(found.function)
    assert source is not None
    assert source.names["function"].__name__ == "without_wraps"


def test_arguments_of_partials_of_partials():
    found = unwrapped(functools.partial(functools.partial(plain, 1), 2, schema_editor=3))
    assert found is not None
    assert (found.arguments, found.keywords) == ((1, 2), {"schema_editor": 3})


@pytest.mark.parametrize("code", [len, dict, 3, object()])
def test_nothing_of_python_inside(code):
    assert unwrapped(code) is None


def test_two_lambdas_on_a_line():
    assert source_of(pair[0]) is None


def test_file_that_is_gone():
    names: dict[str, object] = {}
    exec(compile("def f(apps, editor):\n    pass", "/nowhere/f.py", "exec"), names)  # noqa: S102
    assert source_of(names["f"]) is None


def test_file_that_was_changed(tmp_path):
    path = tmp_path / "changed.py"
    path.write_text("def f(apps, editor):\n    pass\n")
    names: dict[str, object] = {}
    exec(compile(path.read_text(), str(path), "exec"), names)  # noqa: S102
    path.write_text("\n\n\ndef f(apps, editor):\n    pass\n")
    assert source_of(names["f"]) is None


def test_file_that_is_no_python(tmp_path):
    path = tmp_path / "broken.py"
    names: dict[str, object] = {}
    exec(compile("def f(apps, editor):\n    pass", str(path), "exec"), names)  # noqa: S102
    path.write_text("def f(:\n")
    assert source_of(names["f"]) is None


def test_own_functions_and_those_of_others():
    site = "/srv/venv/lib/python3.13/site-packages/"
    assert is_of_project("/srv/app/shop/fill.py", "shop.fill", "shop.migrations.0002")
    assert not is_of_project(f"{site}stripe/api.py", "stripe.api", "shop.migrations.0002")
    assert is_of_project(f"{site}wagtail/fill.py", "wagtail.fill", "wagtail.migrations.0002")
    assert not is_of_project(json.__file__, "json", "shop.migrations.0002")
