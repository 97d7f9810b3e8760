"""
The projects that are measured: a small one, and one of 300 migrations.

The large project has 30 apps of 8 models and 10 migrations each. Every model refers to the one before it, across apps too, so that all
240 models hang together: the case in which Django has to render the most models after every change of a migration's state.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from benchmarks.processes import Measurement, measure
from tests.projects import Project, migration
from tests.servers import Server

APPS = 30
MODELS = 8
MIGRATIONS = 10
#: The app that gets one migration more: in the middle of the chain.
PENDING_APP = "app15"
PENDING_MIGRATION = "0011_model3_extra"
PENDING_TABLE = f"{PENDING_APP}_model3"
ID = "('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID'))"
PENDING_FIELD = "extra = models.IntegerField(null=True)"

#: The operations of the migrations after the first: name of the migration, operation, the line it adds to which model or its Meta.
CHANGES: tuple[tuple[str, str], ...] = (
    (
        "0002_model0_note",
        "migrations.AddField('Model0', 'note', models.CharField(max_length=100, null=True)),",
    ),
    (
        "0003_model1_name_idx",
        "migrations.AddIndex('Model1', models.Index(fields=['name'], name='{label}_name_idx')),",
    ),
    (
        "0004_model2_amount",
        "migrations.AddField('Model2', 'amount', models.IntegerField(default=0)),",
    ),
    (
        "0005_model3_name",
        "migrations.AlterField('Model3', 'name', models.CharField(max_length=80)),",
    ),
    (
        "0006_model4_is_active",
        "migrations.AddField('Model4', 'is_active', models.BooleanField(default=True)),",
    ),
    (
        "0007_model5_origin",
        "migrations.AddField('Model5', 'origin', models.ForeignKey('{label}.Model0', models.CASCADE, null=True, related_name='+')),",
    ),
    (
        "0008_model6_unique",
        "migrations.AddConstraint('Model6', models.UniqueConstraint(fields=['name', 'position'], name='{label}_unique')),",
    ),
    (
        "0009_model7_code",
        "migrations.AddField('Model7', 'code', models.CharField(max_length=20, null=True)),",
    ),
    (
        "0010_model0_note_idx",
        "migrations.AddIndex('Model0', models.Index(fields=['note'], name='{label}_note_idx')),",
    ),
)

#: What the changes come to in models.py: lines of fields, and the Meta, by number of the model.
FIELDS = {
    0: "note = models.CharField(max_length=100, null=True)",
    2: "amount = models.IntegerField(default=0)",
    4: "is_active = models.BooleanField(default=True)",
    5: "origin = models.ForeignKey('{label}.Model0', models.CASCADE, null=True, related_name='+')",
    7: "code = models.CharField(max_length=20, null=True)",
}
META = {
    0: "indexes = [models.Index(fields=['note'], name='{label}_note_idx')]",
    1: "indexes = [models.Index(fields=['name'], name='{label}_name_idx')]",
    6: "constraints = [models.UniqueConstraint(fields=['name', 'position'], name='{label}_unique')]",
}


def small_project(folder: Path, server: Server, *, safe_migrate: bool = True) -> Project:
    """Return a migrated project of one app beside Django's own."""
    project = Project(folder, server, safe_migrate=safe_migrate)
    project.write_app(
        "shop",
        models="class Order(models.Model):\n    number = models.CharField(max_length=20)\n",
        migrations={
            "0001_initial": migration(
                f"migrations.CreateModel('Order', [{ID}, ('number', models.CharField(max_length=20))]),",
                initial=True,
            )
        },
    )
    project.manage("migrate", "--noinput")
    return project


def large_project(
    folder: Path, server: Server, *, safe_migrate: bool = True, pending: bool = False
) -> Project:
    """Return the project of 300 migrations, all of them applied; with `pending`, one more is not."""
    project = unmigrated_project(folder, server, APPS, safe_migrate=safe_migrate)
    fill_database(project)
    if pending:
        add_pending_migration(project)
    return project


def unmigrated_project(
    folder: Path, server: Server, apps: int, *, safe_migrate: bool = True
) -> Project:
    """Return a project of so many apps (up to 100), each of 10 migrations; its database is empty."""
    project = Project(folder, server, safe_migrate=safe_migrate)
    for number in range(apps):
        write_app(project, number)
    return project


def write_app(project: Project, number: int) -> None:
    """Write one app of the large project."""
    label = app_label(number)
    migrations = {"0001_initial": _initial(number)}
    for (name, operation), previous in zip(
        CHANGES, ["0001_initial", *(name for name, _ in CHANGES)], strict=False
    ):
        migrations[name] = migration(
            operation.format(label=label), dependencies=[(label, previous)]
        )
    project.write_app(label, models=_models(number, more={}), migrations=migrations)


def app_label(number: int) -> str:
    """Return the label of an app; all are of the same length."""
    return f"app{number:02}"


def fill_database(project: Project) -> None:
    """
    Make the tables from the models and record every migration, in seconds instead of minutes.

    The database is the same as after the migrations; that the models say what the migrations say is tested.
    """
    labels = [label for label in project.installed_apps if label.startswith("app")]
    project.write(
        "config/without_migrations.py",
        f"from config.settings import *\n\nMIGRATION_MODULES = {dict.fromkeys(labels)!r}\n",
    )
    measure(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--noinput", "--settings=config.without_migrations"],
        cwd=project.folder,
        env=project.environment(),
    )  # fmt: skip
    project.manage("migrate", "--fake", "--noinput")
    project.manage("migrate", "--check")


def add_pending_migration(project: Project) -> None:
    """Add a field to a model in the middle of the chain, with a migration that is not applied."""
    project.write_app(
        PENDING_APP,
        models=_models(int(PENDING_APP.removeprefix("app")), more={3: PENDING_FIELD}),
        migrations={
            PENDING_MIGRATION: migration(
                "migrations.AddField('Model3', 'extra', models.IntegerField(null=True)),",
                dependencies=[(PENDING_APP, CHANGES[-1][0])],
            )
        },
    )


def take_pending_migration_back(project: Project) -> None:
    """Undo the pending migration if it is applied, without Django, and so without its cost."""
    app, name = PENDING_APP, PENDING_MIGRATION
    condition = f"FROM django_migrations WHERE app = '{app}' AND name = '{name}'"
    if project.sql(f"SELECT 1 {condition}"):  # noqa: S608
        project.sql(f"ALTER TABLE {PENDING_TABLE} DROP COLUMN extra")
        project.sql(f"DELETE {condition}")


def run_command(
    project: Project, *arguments: str, statuses: Collection[int] = (0,), proof: str = ""
) -> Measurement:
    """Run `manage.py` of a project and measure it; ``statuses`` and ``proof`` are those of ``measure``."""
    return measure(
        [sys.executable, "manage.py", *arguments],
        cwd=project.folder,
        env=project.environment(),
        statuses=statuses,
        proof=proof,
    )


def _initial(number: int) -> str:
    label = app_label(number)
    operations = "\n".join(_create_model(number, model) for model in range(MODELS))
    dependencies = [(app_label(number - 1), "0001_initial")] if number else []
    return migration(operations.format(label=label), dependencies=dependencies, initial=True)


def _create_model(number: int, model: int) -> str:
    fields = [
        ID,
        f"('name', models.CharField(max_length={50 if model == 3 else 80}))",
        "('position', models.IntegerField(default=0))",
        "('created', models.DateTimeField(auto_now_add=True))",
    ]
    if previous := _previous(number, model):
        fields.append(
            f"('previous', models.ForeignKey('{previous}', models.CASCADE, null=True, related_name='+'))"
        )
    listed = "".join(f"    {field},\n" for field in fields)
    return f"migrations.CreateModel('Model{model}', [\n{listed}]),"


def _models(number: int, *, more: Mapping[int, str]) -> str:
    """Return models.py of an app; `more` are further fields by number of the model."""
    return "\n\n".join(_model(number, model, more.get(model)) for model in range(MODELS))


def _model(number: int, model: int, field: str | None) -> str:
    label = app_label(number)
    lines = [
        "name = models.CharField(max_length=80)",
        "position = models.IntegerField(default=0)",
        "created = models.DateTimeField(auto_now_add=True)",
    ]
    if previous := _previous(number, model):
        lines.append(
            f"previous = models.ForeignKey('{previous}', models.CASCADE, null=True, related_name='+')"
        )
    if model in FIELDS:
        lines.append(FIELDS[model].format(label=label))
    if field:
        lines.append(field)
    if model in META:
        lines += ["", "class Meta:", f"    {META[model].format(label=label)}"]
    body = "\n".join(f"    {line}" if line else "" for line in lines)
    return f"class Model{model}(models.Model):\n{body}"


def _previous(number: int, model: int) -> str:
    """The model that this one refers to; the very first refers to none."""
    if model:
        return f"{app_label(number)}.Model{model - 1}"
    return f"{app_label(number - 1)}.Model{MODELS - 1}" if number else ""
