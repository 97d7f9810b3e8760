from __future__ import annotations

from typing import Any

import pytest
from django.core.validators import MinValueValidator
from django.db import models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import CheckConstraint, Q
from django.utils.deconstruct import deconstructible

from django_safe_migrate.sql.comparing import are_equal


@deconstructible
class AtLeast(MinValueValidator):
    """Equal to one of its parent, and written in another way."""


def state(
    field: Any = None, *, name: str = "Order", bases: Any = (models.Model,), **options: Any
) -> ProjectState:
    made = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("x", field or models.IntegerField())]
    made.add_model(ModelState("shop", name, fields, options, bases))
    return made


def is_found(written: ProjectState, present: ProjectState) -> bool:
    """Whether Django's own comparison finds a change."""
    return bool(MigrationAutodetector(written, present)._detect_changes())


LIMIT = Q(x__gt=0)
CHANGES = {
    "validator of a subclass": (
        {"field": models.IntegerField(validators=[MinValueValidator(1)])},
        {"field": models.IntegerField(validators=[AtLeast(1)])},
    ),
    "validator": (
        {"field": models.IntegerField(validators=[MinValueValidator(1)])},
        {"field": models.IntegerField(validators=[MinValueValidator(2)])},
    ),
    "choices": (
        {"field": models.IntegerField(choices=[(1, "one")])},
        {"field": models.IntegerField(choices=[(1, "One")])},
    ),
    "default": ({"field": models.IntegerField(default=1)}, {"field": models.IntegerField()}),
    "class": ({"field": models.IntegerField()}, {"field": models.BigIntegerField()}),
    "index": ({}, {"indexes": [models.Index(fields=["x"], name="x_idx")]}),
    "condition": (
        {"constraints": [CheckConstraint(condition=LIMIT, name="limit")]},
        {"constraints": [CheckConstraint(condition=Q(x__gt=1), name="limit")]},
    ),
    "table": ({}, {"db_table": "orders"}),
    "ordering": ({"ordering": ["x"]}, {"ordering": ["-x"]}),
    "model": ({}, {"name": "Purchase"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_that_the_autodetector_finds_is_missed(change: str) -> None:
    written, present = (state(**side) for side in CHANGES[change])
    assert not are_equal(written, present)
    assert is_found(*(state(**side) for side in CHANGES[change]))


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_is_the_same(change: str) -> None:
    for side in CHANGES[change]:
        assert are_equal(state(**side), state(**side))
        assert not is_found(state(**side), state(**side))


def test_that_the_model_is_abstract_somewhere_is_no_change() -> None:
    assert are_equal(state(), state(abstract=False))


def test_models_of_apps_without_migrations_do_not_count() -> None:
    written = ProjectState(real_apps={"shop"})
    assert are_equal(written, state())
    assert not are_equal(ProjectState(), state())
