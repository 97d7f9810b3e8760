"""What is there and otherwise: conditions, expressions, defaults and comments; and indexes that no model asks for."""

from __future__ import annotations

import pytest

from tests.projects import Project
from tests.repair.half_done_shop import SAFEMIGRATE, found, install, repair, schema
from tests.repair.test_schema import without_rows

IMPORTS = "from django.db.models import F, Q\nfrom django.db.models.functions import Lower, Now"
DETAILED = """
migrations.AddField('order', 'colour', models.CharField(max_length=20, db_default='red')),
migrations.AddField('order', 'size', models.IntegerField(db_default=3, null=True, db_comment='in cm')),
migrations.AddField('order', 'at', models.DateTimeField(db_default=Now())),
migrations.AlterModelTableComment('order', 'What was ordered'),
migrations.AddIndex('order', models.Index(fields=['colour', '-size'], name='order_colour_idx')),
migrations.AddIndex('order', models.Index(fields=['size'], condition=Q(size__gt=5, colour='a%'), name='order_large_idx')),
migrations.AddIndex('order', models.Index(Lower('colour').desc(), F('size'), name='order_lower_idx')),
migrations.AddConstraint('order', models.UniqueConstraint(fields=['number'], condition=Q(size__isnull=True), name='order_number_key')),
migrations.AddConstraint('order', models.CheckConstraint(condition=Q(size__gte=0), name='order_size_check')),
"""


def detailed(project: Project) -> Project:
    install(project, DETAILED, imports=IMPORTS)
    project.manage(*SAFEMIGRATE)
    return project


#: By vendor: what is changed by hand, and what is found of it.
CHANGES = {
    "postgresql": (
        (
            "ALTER TABLE shop_order ALTER colour SET DEFAULT 'blue'",
            "ALTER TABLE shop_order ALTER at SET DEFAULT '2026-01-01'",
            "COMMENT ON COLUMN shop_order.size IS 'in inches'",
            "COMMENT ON TABLE shop_order IS NULL",
            "DROP INDEX order_large_idx",
            "CREATE INDEX order_large_idx ON shop_order (size) WHERE size > 6",
            "DROP INDEX order_lower_idx",
            "CREATE INDEX order_lower_idx ON shop_order (upper(colour), size)",
            "DROP INDEX order_colour_idx",
            "CREATE INDEX order_colour_idx ON shop_order (colour varchar_pattern_ops, size DESC)",
            "DROP INDEX order_number_key",
            "CREATE UNIQUE INDEX order_number_key ON shop_order (number)",
            "ALTER TABLE shop_order DROP CONSTRAINT order_size_check",
            "ALTER TABLE shop_order ADD CONSTRAINT order_size_check CHECK (size > 0)",
        ),
        (
            "default (STATEMENT_TIMESTAMP()) of shop_order.at",
            "default 'red' of shop_order.colour",
            "condition, columns or options of order_colour_idx of shop_order",
            "condition, columns or options of order_large_idx of shop_order",
            "condition, columns or options of order_lower_idx of shop_order",
            "condition, columns or options of order_number_key of shop_order",
            "condition, columns or options of order_size_check of shop_order",
            "comment 'What was ordered' of shop_order",
            "comment 'in cm' of shop_order.size",
        ),
    ),
    "mysql": (
        (
            "ALTER TABLE shop_order ALTER colour SET DEFAULT 'blue'",
            "ALTER TABLE shop_order MODIFY at datetime(6) NOT NULL DEFAULT '2026-01-01'",
            "ALTER TABLE shop_order MODIFY size integer NULL DEFAULT 3 COMMENT 'in inches'",
            "ALTER TABLE shop_order COMMENT ''",
        ),
        (
            "default (CURRENT_TIMESTAMP(6)) of shop_order.at",
            "default 'red' of shop_order.colour",
            "comment 'What was ordered' of shop_order",
            "comment 'in cm' of shop_order.size",
        ),
    ),
    "sqlite": (
        (
            "DROP INDEX order_large_idx",
            "CREATE INDEX order_large_idx ON shop_order (size) WHERE size > 6",
            "DROP INDEX order_lower_idx",
            "CREATE INDEX order_lower_idx ON shop_order (upper(colour), size)",
            "DROP INDEX order_number_key",
            "CREATE UNIQUE INDEX order_number_key ON shop_order (number)",
            "PRAGMA writable_schema = 1",
            "UPDATE sqlite_master SET sql = replace(sql, '''red''', '''blue''') WHERE name = 'shop_order'",
        ),
        (
            "default 'red' of shop_order.colour",
            "condition, columns or options of order_large_idx of shop_order",
            "condition, columns or options of order_lower_idx of shop_order",
            "condition, columns or options of order_number_key of shop_order",
        ),
    ),
}


def test_what_is_there_and_otherwise(project: Project) -> None:
    detailed(project)
    assert found(project) == []
    before = schema(project)
    statements, expected = CHANGES[project.server.vendor]
    with project.connection() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    (problem,) = found(project)
    assert problem["found"] == f"Missing: {', '.join(expected)}."
    assert problem["losses"] == []
    repair(project, "--schema")
    assert found(project) == []
    assert without_rows(before.difference(schema(project))) == []
    # Written in another way, it is the same.
    if project.server.vendor != "mysql":
        project.sql("DROP INDEX order_large_idx")
        project.sql(
            "create index order_large_idx on shop_order (size) where ((colour = 'a%' and size > 5))"
            if project.server.vendor == "postgresql"
            else """create index order_large_idx on shop_order("size") where (("colour"='a%' AND "size">5))"""
        )
        assert found(project) == []


#: Each kind of thing that a server may write in another way than Django does.
EVERYTHING = """
migrations.CreateModel('Thing', [
    ('id', models.BigAutoField(primary_key=True)),
    ('slug', models.SlugField(unique=True, db_comment='It\\'s wholly "so": é')),
    ('order', models.OneToOneField('shop.Order', models.CASCADE)),
    ('parent', models.ForeignKey('self', models.CASCADE, null=True, db_comment='above')),
    ('price', models.DecimalField(max_digits=8, decimal_places=2, db_default=decimal.Decimal('1.50'))),
    ('weight', models.FloatField(db_default=1.5)),
    ('pi', models.FloatField(db_default=Pi())),
    ('shown', models.BooleanField(db_default=True)),
    ('text', models.CharField(max_length=40, db_default="it's 5% (or so)")),
    ('day', models.DateField(db_default=datetime.date(2026, 1, 2))),
    ('at', models.DateTimeField(db_default=datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC))),
    ('length', models.DurationField(db_default=datetime.timedelta(hours=3))),
    ('key', models.UUIDField(db_default=uuid.UUID('12345678123456781234567812345678'), db_index=True)),
    ('sum', models.IntegerField(db_default=models.Value(2) + models.Value(3))),
    ('state', models.PositiveSmallIntegerField(db_default=0)),
    ('data', models.JSONField(default=dict)),
    ('many', models.ManyToManyField('shop.Order', related_name='+')),
], options={'unique_together': {('slug', 'text')}, 'db_table_comment': "all 'of' it"}),
migrations.AddIndex('thing', models.Index(fields=['-day', 'text'], name='thing_day_idx')),
migrations.AddIndex('thing', models.Index(F('price') * F('state'), Lower('text').desc(), name='thing_product_idx')),
migrations.AddIndex('thing', models.Index(fields=['day'], name='thing_some_idx', condition=(
    Q(state__in=[1, 2, 3]) | ~Q(text__startswith='a_b') & Q(day__gte=datetime.date(2026, 1, 1))) & Q(shown=True))),
migrations.AddConstraint('thing', models.UniqueConstraint(Coalesce('state', 0), Lower('text'), name='thing_key')),
migrations.AddConstraint('thing', models.UniqueConstraint(fields=['text', 'day'], condition=Q(shown=False), name='thing_day_key')),
migrations.AddConstraint('thing', models.CheckConstraint(condition=Q(state__in=[0, 1]) | Q(price__gt=decimal.Decimal('0.5')), name='thing_state')),
"""
EVERYTHING_OF_POSTGRESQL = """
migrations.AddIndex('thing', models.Index(fields=['text'], opclasses=['varchar_pattern_ops'], include=['day'], name='thing_like_idx')),
migrations.AddIndex('thing', GinIndex(fields=['data'], opclasses=['jsonb_path_ops'], name='thing_data_gin')),
migrations.AddIndex('thing', BrinIndex(fields=['day'], pages_per_range=4, name='thing_day_brin')),
migrations.AddConstraint('thing', models.UniqueConstraint(fields=['price', 'day'], deferrable=models.Deferrable.DEFERRED, name='thing_later')),
migrations.AddConstraint('thing', models.UniqueConstraint(fields=['weight'], nulls_distinct=False, include=['day'], name='thing_nulls')),
migrations.AddConstraint('thing', ExclusionConstraint(name='thing_apart', condition=Q(shown=True), expressions=[(Days(F('day'), F('day'), models.Value('[]')), '&&')])),
"""
MORE_IMPORTS = f"""{IMPORTS}
import datetime, decimal, uuid
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.fields import DateRangeField
from django.db.models.functions import Coalesce, Pi
class Days(models.Func): function, output_field = 'daterange', DateRangeField()  # of contrib.postgres
"""


def test_what_django_made_itself_is_as_it_should_be(project: Project) -> None:
    postgresql = project.server.vendor == "postgresql"
    imports = MORE_IMPORTS
    if not postgresql:
        imports = "\n".join(line for line in imports.splitlines() if "postgres" not in line)
    install(project, EVERYTHING + EVERYTHING_OF_POSTGRESQL * postgresql, imports=imports)
    project.installed_apps += [
        "django.contrib.auth",
        "django.contrib.sessions",
        "django.contrib.sites",
        "django.contrib.redirects",
    ]
    project.settings()
    project.manage(*SAFEMIGRATE)
    assert found(project) == []


@pytest.mark.vendors("postgresql")
def test_where_no_temporary_table_can_be_made_names_and_columns_are_compared(
    project: Project,
) -> None:
    detailed(project)
    project.sql("DROP INDEX order_large_idx")
    project.sql("CREATE INDEX order_large_idx ON shop_order (size) WHERE size > 6")
    (problem,) = found(project)
    assert "order_large_idx" in problem["found"]
    name = project.databases["default"]["NAME"]
    project.sql(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC')
    project.sql("CREATE ROLE without_temporary")
    project.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO without_temporary")
    project.add_settings_code(
        "DATABASES['default'].setdefault('OPTIONS', {})['options'] = '-c role=without_temporary'"
    )
    try:
        assert found(project, "--schema") == []
    finally:
        project.sql("DROP OWNED BY without_temporary")
        project.sql("DROP ROLE without_temporary")


def test_an_index_that_no_model_asks_for(project: Project) -> None:
    detailed(project)
    before = schema(project)
    project.sql("CREATE INDEX by_hand ON shop_order (size, number)")
    project.sql("CREATE UNIQUE INDEX by_hand_too ON shop_order (number, colour)")
    (notice,) = found(project)
    assert notice["is_notice"]
    assert notice["found"] == (
        "2 indexes that no model asks for: index by_hand (size, number), unique index by_hand_too (number, colour)."
    )
    with_both = schema(project)
    for arguments in (["--schema"], ["--schema", "--force"], ["--schema", "shop_order", "--force"]):
        shown = repair(project, *arguments)
        assert "0 problems and 1 notice" in shown.stdout
    # A table that is remade keeps them.
    project.sql("ALTER TABLE shop_order DROP COLUMN at")
    repair(project, "--schema")
    assert without_rows(with_both.difference(schema(project))) == []

    refused = repair(project, "--schema", "shop_order.by_hand", check=False)
    assert (refused.returncode, "Needs --force" in refused.stderr) == (3, True), refused.stderr
    wrong = repair(project, "--schema", "shop_order.order_large_idx", "--force", check=False)
    assert "has no such index, or a model asks for it" in wrong.stderr
    repair(project, "--schema", "shop_order.by_hand", "shop_order.by_hand_too", "--force")
    assert found(project) == []
    assert without_rows(before.difference(schema(project))) == []
