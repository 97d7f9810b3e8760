from __future__ import annotations

from functools import partial

import pytest
from django.apps import apps as todays_apps
from django.contrib.auth import get_user_model
from django.contrib.auth import models as auth_models
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.migrations import operations
from django.db.models import Model

from tests.analysis.lint import assert_clean, assert_finds, initial

finds = partial(assert_finds, "run_python_imports_model")
clean = partial(assert_clean, "run_python_imports_model")

MESSAGE = (
    "RunPython of {} in shop.0002_change uses the model class {} as it is today, which fails on a new database as soon as the class has "
    "a column that its table lacks at this point."
)


def imported(apps, schema_editor):
    Group.objects.get_or_create(name="editors")


def imported_module(apps, schema_editor):
    for group in auth_models.Group.objects.iterator():
        print(group)


def imported_inside(apps, schema_editor):
    from django.contrib.auth.models import Group as Groups

    Groups(name="editors").save()


def of_a_registry_of_today(apps, schema_editor):
    todays_apps.get_model("auth", "Group").objects.update(name="x")


def the_user_model(apps, schema_editor):
    User = get_user_model()
    User.objects.filter(is_active=None).update(is_active=True)


def _content_type(model):
    return ContentType.objects.get_for_model(model)


def in_another_function(apps, schema_editor):
    print(_content_type(apps.get_model("shop", "Order")))


POSITIVE = [
    (imported, "auth.Group"),
    (imported_module, "auth.Group"),
    (imported_inside, "auth.Group"),
    (of_a_registry_of_today, "auth.Group"),
    (the_user_model, "auth.User"),
    (in_another_function, "contenttypes.ContentType"),
]


@pytest.mark.parametrize(("function", "label"), POSITIVE)
def test_class_of_today(function, label):
    [found] = finds([operations.RunPython(function)], MESSAGE.format(function.__name__, label))
    app_label, name = label.split(".")
    assert found.severity.label == "warning"
    assert found.file == __file__
    assert found.hint == (
        "Take the model as it is at this migration:\n\n"
        f'{name} = apps.get_model("{app_label}", "{name}")'
    )


def first_use(apps, schema_editor):
    print("Nothing yet.")
    Group.objects.update(name="x")
    Permission.objects.update(name="y")
    Group.objects.update(name="z")


def test_each_model_once():
    found = finds(
        [operations.RunPython(first_use)],
        MESSAGE.format("first_use", "auth.Group"),
        MESSAGE.format("first_use", "auth.Permission"),
    )
    first = first_use.__code__.co_firstlineno
    assert [finding.line for finding in found] == [first + 2, first + 3]


def _auth(*fields):
    """The state of an older release of the app."""
    ids = ("id", models.BigAutoField(primary_key=True))

    class OfAuth(operations.CreateModel):
        def state_forwards(self, app_label, state):
            super().state_forwards("auth", state)

    return OfAuth("Group", [ids, *fields])


def test_column_that_the_table_lacks_yet():
    [found] = finds(
        [operations.RunPython(imported)],
        "RunPython of imported in shop.0002_change uses the model class auth.Group as it is today, and its table has no column name at "
        "this point: the query fails.",
        before=[*initial(), _auth()],
    )
    assert found.severity.label == "error"


def test_column_that_the_table_has():
    [found] = finds(
        [operations.RunPython(imported)],
        MESSAGE.format("imported", "auth.Group"),
        before=[*initial(), _auth(("name", models.TextField()))],
    )
    assert found.severity.label == "warning"


def historical(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Group.objects.update(name="x")


def constants_of_the_class(apps, schema_editor):
    print(Group.__name__, Group._meta.label, Permission.DoesNotExist, isinstance(1, Group))


def given_to_others(apps, schema_editor):
    print(Group)


class Draft(Model):
    """Not of an installed app."""

    class Meta:
        app_label = "drafts"
        abstract = True


def abstract_class(apps, schema_editor):
    print(Draft.objects)


def other_classes(apps, schema_editor):
    fixed = models.Value(1)
    print(fixed, Exception("x"), {"a": 1})


def shadowed(apps, schema_editor, Group=None):
    Group.objects.update(name="x")


NEGATIVE = [
    historical,
    constants_of_the_class,
    given_to_others,
    abstract_class,
    other_classes,
    shadowed,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_class_is_not_used_for_queries(function):
    clean([operations.RunPython(function)])


def test_nothing_to_run():
    clean([operations.RunPython(operations.RunPython.noop, imported)])
