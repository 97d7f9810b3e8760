from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import connections, models
from django.db.migrations import operations

from django_safe_migrate import values
from django_safe_migrate.analysis.schema import Schema
from tests.analysis.lint import initial, state_after, vendor

FIELDS = [
    ("id", models.BigAutoField(primary_key=True)),
    ("number", models.PositiveIntegerField(db_column="nr")),
    ("text", models.CharField(max_length=10, unique=True)),
    ("price", models.DecimalField(max_digits=7, decimal_places=2, db_index=True)),
    ("parts", ArrayField(models.CharField(max_length=5))),
    ("when", models.DateTimeField(null=True)),
    ("data", models.JSONField(db_default=models.Value("{}"))),
    ("customer", models.ForeignKey("shop.Customer", models.CASCADE, related_name="+")),
    (
        "by_name",
        models.ForeignKey(
            "Other", models.CASCADE, to_field="code", db_constraint=False, related_name="+"
        ),
    ),
    ("one", models.OneToOneField("shop.Child", models.CASCADE, related_name="+")),
    ("me", models.ForeignKey("self", models.CASCADE, null=True)),
]


def made():
    other = [
        ("id", models.BigAutoField(primary_key=True)),
        ("code", models.SlugField(unique=True, max_length=9)),
    ]
    return state_after(
        [
            *initial(),
            operations.CreateModel("Other", other),
            operations.CreateModel("Child", [("x", models.TextField())], bases=("shop.customer",)),
            operations.CreateModel("Thing", FIELDS),
        ]
    )


def test_columns_are_those_of_the_rendered_model():
    with vendor("postgresql"):
        connection, state = connections["default"], made()
        schema, model = Schema(connection, live=False), state.models["shop", "thing"]
        rendered = made().apps.get_model("shop", "Thing")._meta
        for name, field in model.fields.items():
            column, real = schema.column(state, model, name, field), rendered.get_field(name)
            assert column.name == real.column
            assert column.type == real.db_type(connection)
            assert column.check == (real.db_parameters(connection)["check"] or "")
            assert column.null == real.null
            assert column.primary_key == real.primary_key


def test_references():
    with vendor("postgresql"):
        state = made()
        schema, model = Schema(connections["default"], live=False), state.models["shop", "thing"]
        found = {
            name: schema.column(state, model, name, model.fields[name]).references
            for name, _ in FIELDS
        }
    assert {name: table for name, table in found.items() if table} == {
        "customer": "shop_customer",
        "one": "shop_child",
        "me": "shop_thing",
    }


def test_fields_without_a_column():
    state = state_after(initial())
    model = state.models["shop", "order"]
    schema = Schema(connections["default"], live=False)
    assert schema.column(state, model, "tags", model.fields["tags"]) is None
    composite = models.CompositePrimaryKey("number", "code")
    assert schema.column(state, model, "pk", composite) is None


def test_who_fills_a_column():
    state = state_after(initial())
    model, schema = state.models["shop", "order"], Schema(connections["default"], live=False)

    def column(field):
        return schema.column(state, model, "x", field)

    assert column(models.IntegerField()).must_be_given
    assert column(models.IntegerField(default=1)).must_be_given
    assert not column(models.IntegerField(null=True)).must_be_given
    assert not column(models.IntegerField(db_default=1)).must_be_given
    assert not column(models.BigAutoField(primary_key=True)).must_be_given
    assert column(models.CharField(max_length=3, blank=True)).has_python_default
    assert column(models.DateField(auto_now=True)).has_python_default
    assert not column(models.CharField(max_length=3)).has_python_default


def test_models_whose_table_is_not_ours():
    options = [
        {"managed": False},
        {"proxy": True},
        {"required_db_vendor": "mysql"},
    ]
    with vendor("postgresql"):
        schema = Schema(connections["default"], live=False)
        for option in options:
            made_so = operations.CreateModel(
                "A", [("id", models.BigAutoField(primary_key=True))], options=option
            )
            assert schema.model(state_after([made_so]), "shop", "A") is None
        assert schema.model(state_after(initial()), "shop", "ORDER").name == "Order"
        assert schema.model(state_after(initial()), "shop", "nothing") is None


def test_swapped_model(settings):
    user = operations.CreateModel(
        "User",
        [("id", models.BigAutoField(primary_key=True))],
        options={"swappable": "AUTH_USER_MODEL"},
    )
    state, schema = state_after([user], "auth"), Schema(connections["default"], live=False)
    assert schema.model(state, "auth", "user") is not None
    settings.AUTH_USER_MODEL = "shop.Customer"
    assert schema.model(state, "auth", "user") is None


def test_types_of_the_server_that_the_project_names():
    state = state_after(initial())
    model, field = state.models["shop", "order"], models.UUIDField()
    for text, kind in (("mysql 8.4", "char(32)"), ("11.4", "uuid")):
        with vendor("mysql"):
            target = values.target_version(text)
            schema = Schema(connections["default"], live=False, target=target)
            assert schema.knows_types
            assert schema.column(state, model, "key", field).type == kind
