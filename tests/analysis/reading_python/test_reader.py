from __future__ import annotations

import functools

import pytest
from django.db import transaction

from django_safe_migrate.analysis.reading_python import (
    DatabaseChosen,
    ModelTaken,
    RowsLoaded,
    TodaysModelUsed,
    Unreadable,
    Written,
    read,
)
from django_safe_migrate.analysis.reading_python.reader import Definition, definition
from tests.analysis.reading_python import library
from tests.analysis.reading_python.library import endless, rows_of, save_all


def of(code, kind):
    return [use for use in read(code, "tests.migrations") if isinstance(use, kind)]


def written(code):
    return [
        (use.model.label, use.method, use.whole_table, use.per_row) for use in of(code, Written)
    ]


ALL = [("shop.Order", "update", True, False)]


def plain(apps, schema_editor):
    apps.get_model("shop", "Order").objects.update(state=1)


def other_names(registry, editor):
    registry.get_model("shop", "Order").objects.update(state=1)


def named_by_argument(name, apps, schema_editor):
    apps.get_model("shop", name).objects.update(state=1)


def named_by_keyword(apps, schema_editor, *, name):
    apps.get_model("shop", name).objects.update(state=1)


class Steps:
    def method(self, apps, schema_editor):
        apps.get_model("shop", "Order").objects.update(state=1)

    def __call__(self, apps, schema_editor):
        apps.get_model("shop", "Order").objects.update(state=1)


@transaction.atomic
def decorated(apps, schema_editor):
    apps.get_model("shop", "Order").objects.update(state=1)


def _passing(function):
    def wrapper(apps, schema_editor):
        return function(apps, schema_editor)

    return wrapper


@_passing
def wrapped_by_own(apps, schema_editor):
    apps.get_model("shop", "Order").objects.update(state=1)


def of_class(apps, schema_editor):
    library.Tools.update(apps.get_model("shop", library.MODEL))


def imported_inside(apps, schema_editor):
    from tests.analysis.reading_python.library import Tools

    Tools.update(apps.get_model("shop", "Order"))


def called_back(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    transaction.on_commit(lambda: Order.objects.update(state=1))


def recursive(apps, schema_editor):
    endless(apps)


@pytest.mark.parametrize(
    "code",
    [
        plain,
        other_names,
        functools.partial(named_by_argument, "Order"),
        functools.partial(named_by_keyword, name="Order"),
        Steps().method,
        Steps(),
        decorated,
        wrapped_by_own,
        of_class,
        imported_inside,
        called_back,
        recursive,
        lambda apps, editor: apps.get_model("shop", "Order").objects.update(state=1),
    ],
)
def test_shapes_of_functions(code):
    assert written(code) == ALL


def followed(apps, schema_editor):
    save_all(rows_of(apps))


def test_functions_of_the_project_are_followed():
    assert written(followed) == [("shop.Order", "save", False, True)]
    [loaded] = of(followed, RowsLoaded)
    assert loaded.file == library.__file__
    assert loaded.line == save_all.__code__.co_firstlineno + 2


def test_not_into_packages_of_others():
    def django_only(apps, schema_editor):
        from django.core.management import call_command

        call_command("check")

    assert read(django_only, "shop.migrations.0002") == ()


def test_nothing_is_executed():
    def dangerous(apps, schema_editor):
        raise AssertionError("It was called.")

    assert read(dangerous, "") == ()


@pytest.mark.parametrize("code", [len, object()])
def test_unreadable(code):
    [found] = read(code, "")
    assert isinstance(found, Unreadable)
    assert found.reason == f"The source of {code!r} cannot be found."


class Unhashable:
    __hash__ = None

    def __call__(self, apps, schema_editor):
        apps.get_model("shop", "Order").objects.update(state=1)


def test_object_without_a_hash():
    assert written(Unhashable()) == ALL


def branches(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    rows = Order.objects.all()
    if schema_editor.connection.vendor == "sqlite":
        rows = rows.filter(title="x")
    elif schema_editor.connection.vendor == "mysql":
        return
    rows.update(state=1)
    match schema_editor.connection.vendor:
        case "sqlite":
            Order.objects.update(state=2)
    try:
        Order.objects.update(state=3)
    finally:
        Order.objects.update(state=4)


def test_branches():
    assert [whole for _, _, whole, _ in written(branches)] == [False, True, True, True]


def unknown_after_a_branch(apps, schema_editor):
    rows = apps.get_model("shop", "Order").objects
    if schema_editor.connection.vendor == "sqlite":
        rows = apps.get_model("shop", "Customer").objects
    rows.update(state=1)


def test_variable_with_two_meanings():
    assert written(unknown_after_a_branch) == []


def one_of_two(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    rows = Order.objects.all() if schema_editor else Order.objects.filter(title="x")
    rows.update(state=1)


def test_either():
    assert written(one_of_two) == [("shop.Order", "update", False, False)]


def sure_and_not(apps, schema_editor):
    apps.get_model("shop", "First")
    if not schema_editor:
        return
    apps.get_model("shop", "Second")


def test_what_is_reached():
    assert [(use.model.name, use.sure) for use in of(sure_and_not, ModelTaken)] == [
        ("First", True),
        ("Second", False),
    ]


def vendor_only(apps, schema_editor):
    print(schema_editor.connection.vendor)


def alias(apps, schema_editor):
    print(schema_editor.connection.alias)


def test_database():
    assert of(vendor_only, DatabaseChosen) == []
    assert len(of(alias, DatabaseChosen)) == 1


def comprehension_keeps_names(apps, schema_editor):
    row = apps.get_model("shop", "Order").objects
    print([-row for row in (1, 2)])
    row.update(state=1)


def test_names_of_comprehensions():
    assert written(comprehension_keeps_names) == ALL


def unusual(apps, schema_editor, *rest, **options):
    a, *b = apps, schema_editor
    (c, d), e = (1, 2), 3
    b[0].x = c
    del d
    global _unused
    _unused = {**options, "x": [*rest]}
    print(f"{e!r:>{c}}", -e, not e, e < c, _unused["x"][0:1:2], a.b.c(*rest, **options))
    with schema_editor.connection.cursor(), open(__file__) as file:  # noqa: PTH123
        assert file, "message"
    while e:
        e -= 1
        continue
    else:
        pass
    async_value = (lambda: (yield))()
    print(async_value, ..., b"x", 1j, {1, 2}, {x: x for x in rest}, (x for x in rest))


def test_any_syntax_is_read():
    assert of(unusual, TodaysModelUsed) == []


def test_definition():
    assert definition(plain) == Definition(
        "plain", ("apps", "schema_editor"), __file__, plain.__code__.co_firstlineno
    )
    assert definition(functools.partial(named_by_argument, "x")).parameters == (
        "apps",
        "schema_editor",
    )
    assert definition(len) == Definition()


def _in_batches(rows):
    start = 0
    while True:
        part = list(rows.order_by("pk").filter(pk__gt=start)[:100])
        if not part:
            break
        yield part
        start = part[-1].pk


def batches_of_the_project(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for batch in _in_batches(Order.objects.filter(note=None)):
        for order in batch:
            order.note = ""
        Order.objects.bulk_update(batch, ["note"])


def test_generator_of_batches():
    assert of(batches_of_the_project, RowsLoaded) == []
    [use] = of(batches_of_the_project, Written)
    assert not use.unbatched


def batches_by_recursion(apps, schema_editor):
    _next_batch(apps.get_model("shop", "Order"))


def _next_batch(model):
    keys = model.objects.filter(note__isnull=True).values_list("pk", flat=True)[:5000]
    if keys:
        model.objects.filter(pk__in=keys).update(note="")
        _next_batch(model)


def test_batches_by_recursion():
    assert written(batches_by_recursion) == [("shop.Order", "update", False, False)]


def kept_and_written_at_once(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    orders = Order.objects.using(schema_editor.connection.alias).all()
    for order in orders:
        order.note = ""
    Order.objects.bulk_update(orders, ["note"])


def test_list_of_all_rows():
    assert len(of(kept_and_written_at_once, RowsLoaded)) == 1
    [use] = of(kept_and_written_at_once, Written)
    assert use.unbatched
