"""A rehearsal on the schema and a sample of the rows."""

from __future__ import annotations

import json

import pytest

from tests.projects import Project, migration
from tests.rehearsal.conftest import rehearsed, scratch_left

pytestmark = pytest.mark.slow

LIBRARY = """
migrations.CreateModel('Shelf', [
    ('id', models.BigAutoField(primary_key=True)),
    ('code', models.CharField(max_length=20, unique=True)),
    ('above', models.ForeignKey('self', models.CASCADE, null=True)),
]),
migrations.CreateModel('Book', [
    ('id', models.BigAutoField(primary_key=True)),
    ('title', models.CharField(max_length=40)),
    ('data', models.JSONField(default=dict)),
    ('cover', models.BinaryField(null=True)),
    ('price', models.DecimalField(max_digits=30, decimal_places=10)),
    ('shelf', models.ForeignKey('Shelf', models.CASCADE, to_field='code')),
    ('double', models.GeneratedField(expression=models.F('price') * 2, db_persist=True,
                                     output_field=models.DecimalField(max_digits=32, decimal_places=10))),
]),
"""
SHELVES, BOOKS, SAMPLE = 300, 900, 50
#: What a migration finds on the copy is written into a file: nothing else comes out of a rehearsal.
LOOK = """
import json, pathlib

def look(apps, schema_editor):
    Book, Shelf = apps.get_model("library", "Book"), apps.get_model("library", "Shelf")
    books = Book.objects.order_by("id")
    found = {
        "books": books.count(),
        "first": [str(value) for value in books.values_list("title", "data", "price", "double").first()],
        "cover": bytes(books.first().cover).hex(),
        "last": books.last().title,
        "shelves": Shelf.objects.count(),
        "lost": Shelf.objects.filter(above__isnull=False, above__code__isnull=True).count()
        + Book.objects.exclude(shelf__in=Shelf.objects.all()).count(),
    }
    new = Shelf.objects.create(code="new")
    found["new"] = new.pk
    new.delete()
    pathlib.Path("seen.json").write_text(json.dumps(found))
"""


@pytest.fixture
def library(project: Project) -> Project:
    """Books on shelves that stand on each other, and of each more than a sample takes."""
    project.settings(SAFE_MIGRATE={"REHEARSE": {"SAMPLE": SAMPLE}})
    project.write_app("library", migrations={"0001_initial": migration(LIBRARY)})
    project.manage("safemigrate", "--noinput", "--backup", "never", "-v", "0")
    shelves = ", ".join(
        f"({number}, 's-{number}', {number - 1 if number > 1 else 'NULL'})"
        for number in range(1, SHELVES + 1)
    )
    project.sql(f"INSERT INTO library_shelf (id, code, above_id) VALUES {shelves}")
    cover = "'\\x00ff27'" if project.server.name == "postgresql" else "x'00ff27'"
    books = ", ".join(
        f"({number}, 'Book {number} 100%', '{{\"n\": [1.50, {number}]}}', {cover}, 12345678901234567890.0123456789, 's-{1 + number % SHELVES}')"
        for number in range(1, BOOKS + 1)
    )
    project.sql(
        f"INSERT INTO library_book (id, title, data, cover, price, shelf_id) VALUES {books}"
    )
    if project.server.name == "postgresql":
        project.sql(f"SELECT setval('library_shelf_id_seq', {SHELVES})")
        project.sql(f"SELECT setval('library_book_id_seq', {BOOKS})")
    return project


def test_some_rows_with_all_that_they_refer_to(library: Project) -> None:
    operations = "migrations.RunPython(look, migrations.RunPython.noop),"
    library.write_app("library", migrations={"0002_look": after_library(operations, before=LOOK)})
    before = library.snapshot(exclude=["django_safe_migrate_*"])
    receipt = rehearsed(library, "--extent", "schema")
    assert receipt["failure"] is None
    assert (receipt["sample"], receipt["backup"]) == (SAMPLE, "")
    assert receipt["comparison"]["schema"] == []
    seen = json.loads((library.folder / "seen.json").read_text())
    assert seen["books"] == SAMPLE
    title, data, price, double = seen["first"]
    assert (title, seen["last"]) == ("Book 1 100%", f"Book {BOOKS} 100%")
    assert data == "{'n': [1.5, 1]}"
    assert seen["cover"] == "00ff27"
    if library.server.name != "sqlite":
        # SQLite keeps decimals as floating-point numbers.
        assert price == "12345678901234567890.0123456789"
        assert double == "24691357802469135780.0246913578"
    # The last shelf stands on the one before it, and so on down to the first.
    assert seen["shelves"] == SHELVES
    assert seen["lost"] == 0
    assert seen["new"] > SHELVES
    assert library.snapshot(exclude=["django_safe_migrate_*"]) == before
    assert scratch_left(library) == []
    assert not list((library.folder / "backups").glob("*"))


def after_library(operations: str, **parts: str) -> str:
    return migration(operations, dependencies=[("library", "0001_initial")], **parts)


#: What only SQL makes: on each vendor what would go wrong if rows were moved as a simple program moves them.
OBJECTS = {
    "postgresql": """
        CREATE TABLE event (id bigint, at date NOT NULL, note text) PARTITION BY RANGE (at);
        CREATE TABLE event_old PARTITION OF event FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
        CREATE TABLE event_new PARTITION OF event FOR VALUES FROM ('2020-01-01') TO ('2040-01-01');
        INSERT INTO event SELECT i, date '2019-12-01' + i::int, 'e' FROM generate_series(1, 200) AS i;
        CREATE MATERIALIZED VIEW titles AS SELECT title FROM library_book;
        CREATE TABLE log (word text);
        CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('fired'); RETURN NEW; END $$;
        CREATE TRIGGER note AFTER INSERT ON library_book FOR EACH ROW EXECUTE FUNCTION noted();
        CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b));
        CREATE TABLE half (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES pair);
        INSERT INTO pair SELECT i, i FROM generate_series(1, 200) AS i;
        INSERT INTO half SELECT i, 100, 100 FROM generate_series(1, 3) AS i
    """,
    "mariadb": """
        CREATE TABLE log (word text);
        CREATE TRIGGER note AFTER INSERT ON library_book FOR EACH ROW INSERT INTO log VALUES ('fired');
        CREATE VIEW titles AS SELECT title FROM library_book;
        CREATE TABLE event (id bigint, at date NOT NULL, note text);
        INSERT INTO event SELECT id, '2019-12-01', 'e' FROM library_book;
        CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b));
        CREATE TABLE half (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES pair (a, b));
        INSERT INTO pair SELECT id, id FROM library_book;
        INSERT INTO half VALUES (1, 100, 100), (2, 100, 100), (3, 100, 100)
    """,
    "sqlite": """
        CREATE TABLE log (word text);
        CREATE TRIGGER note AFTER INSERT ON library_book BEGIN INSERT INTO log VALUES ('fired'); END;
        CREATE VIEW titles AS SELECT title FROM library_book;
        CREATE VIRTUAL TABLE words USING fts5(word);
        CREATE TABLE event (id bigint, at date NOT NULL, note text);
        INSERT INTO event SELECT id, '2019-12-01', 'e' FROM library_book;
        CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b)) WITHOUT ROWID;
        CREATE TABLE half (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES pair);
        INSERT INTO pair SELECT id, id FROM library_book;
        INSERT INTO half VALUES (1, 100, 100), (2, 100, 100), (3, 100, 100)
    """,
}
COUNT = """
import json, pathlib

def look(apps, schema_editor):
    found = {}
    with schema_editor.connection.cursor() as cursor:
        for table in ("event", "titles", "log", "pair", "half"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pair WHERE a = 100")
        found["needed"] = cursor.fetchone()[0]
        cursor.execute("INSERT INTO library_book (title, data, price, shelf_id) VALUES ('x', '{}', 1, 's-1')")
        cursor.execute("SELECT count(*) FROM log")
        found["fired"] = cursor.fetchone()[0]
    pathlib.Path("seen.json").write_text(json.dumps(found))

def undo(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DELETE FROM library_book WHERE title = 'x'")
        cursor.execute("DELETE FROM log")
"""


def test_what_only_sql_made(library: Project) -> None:
    for statement in OBJECTS[library.server.name].split(";\n"):
        library.sql(statement.strip())
    operations = "migrations.RunPython(look, undo),"
    library.write_app("library", migrations={"0002_look": after_library(operations, before=COUNT)})
    receipt = rehearsed(library, "--extent", "schema")
    assert receipt["failure"] is None
    seen = json.loads((library.folder / "seen.json").read_text())
    assert seen == {
        "event": SAMPLE,  # the first rows: nothing tells them apart
        "titles": SAMPLE,
        "log": 0,  # no trigger fired while rows were copied
        "pair": SAMPLE + 1,  # the first, the last, and the one that is referred to
        "half": 3,
        "needed": 1,
        "fired": 1,
    }
    notices = [one for one in receipt["notices"] if "sample" in one]
    is_sqlite = library.server.name == "sqlite"
    assert notices == (["The virtual table words is empty in the sample."] if is_sqlite else [])


def test_a_run_rehearses_on_a_sample_without_a_backup(library: Project) -> None:
    operations = "migrations.AddField('book', 'note', models.CharField(max_length=9, null=True)),"
    library.write_app("library", migrations={"0002_note": after_library(operations)})
    result = library.manage("safemigrate", "--rehearse=schema", "--backup", "never", "--noinput")
    assert "Rehearsed on the schema and a sample of 50 rows of each table" in result.stdout
    assert "on a sample" in result.stdout.partition("Rehearsed and actual")[2]
    assert scratch_left(library) == []


def test_a_failure_on_the_sample(library: Project) -> None:
    library.sql("UPDATE library_book SET title = 'twice' WHERE id IN (1, 2)")
    operations = (
        "migrations.AlterField('book', 'title', models.CharField(max_length=40, unique=True)),"
    )
    library.write_app("library", migrations={"0002_unique": after_library(operations)})
    receipt = rehearsed(library, "--extent", "schema", status=5)
    (offenders,) = receipt["failure"]["offenders"]
    assert offenders.startswith("1 value of library_book.title is there more than once, in 2 rows.")
    assert scratch_left(library) == []


@pytest.mark.vendors("sqlite")
def test_a_sample_is_not_taken_of_a_backup(library: Project) -> None:
    library.write_app(
        "library", migrations={"0002_nothing": after_library("migrations.RunSQL('SELECT 1'),")}
    )
    result = library.manage(
        "migrate_rehearse", "--extent", "schema", "--backup", "latest", check=False
    )
    assert result.returncode == 1
    assert result.stderr == (
        "CommandError: --extent schema takes a sample of the database as it is now, and restores no backup: leave --backup latest out.\n"
    )
