"""
Fixtures of the whole suite. How to use them:

Database servers are private, start on first use and are shared by the whole run::

    def test_x(vendor_server):        # runs three times: sqlite, postgresql, mariadb
    def test_x(postgresql_server):    # one vendor; also sqlite_server, mariadb_server, postgresql18_server
    def test_x(database_settings):    # a fresh DATABASES entry on each vendor
    def test_x(connection):           # the same, installed as django.db.connections["default"] for this test:
                                      # executors, schema editors and the ORM use it (not together with `db`)

To limit a test to some vendors: `@pytest.mark.vendors("postgresql", "mariadb")`.

A real project, whose commands run as processes::

    def test_x(project):              # on each vendor (a marker limits it, as above)
        project.write_app("shop", models="class Order(models.Model): ...", migrations={
            "0001_initial": migration("migrations.CreateModel('Order', [('id', models.BigAutoField(primary_key=True))]),"),
        })                            # from tests.projects import migration
        project.settings(SAFE_MIGRATE={"LOCK_TIMEOUT": "1s"})
        before = project.snapshot(exclude=["django_safe_migrate_*"])
        result = project.manage("safemigrate", "--noinput", check=False, env={"CI": "true"})
        assert before.difference(project.snapshot()) == []
        assert project.sql("SELECT count(*) FROM shop_order") == [(0,)]

`make_project(server, safe_migrate=False)` makes more of them, on any server, also without our app.
`project.copy_scenario("name")` installs the apps of `tests/scenarios/name/`; `project.popen(...)` starts a command
to watch or kill. A test that kills or reconfigures a server takes `make_server("postgresql", config=[...])`.

Tests with pytest-django's `db` use `tests/settings/sqlite.py`, or what `--ds=tests.settings.postgresql` names.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.kill_matrix import tally
from tests.projects import Project
from tests.servers import (
    SERVERS,
    PostgreSQLServer,
    Server,
    ServerUnavailable,
    shared_server,
    stop_shared_servers,
)
from tests.servers.base import configured

REQUIRE_SERVERS = "SAFE_MIGRATE_REQUIRE_SERVERS"
VENDORS = tuple(SERVERS)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--real-projects",
        action="store_true",
        help="also run the tests that install and migrate wagtail and django-oscar",
    )
    parser.addoption(
        "--kill-matrix",
        choices=("some", "full"),
        default="some",
        help="at how many points of a run tests/kill_matrix kills it: some hundred, or every one, which takes hours",
    )


def pytest_configure() -> None:
    """
    End on SIGTERM as on Ctrl-C, so that the servers are stopped, and let signals reach the processes that tests start.

    A suite that was started in the background, or behind nohup, ignores SIGINT and SIGHUP, and so would all its children.
    """
    for number, usual in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit_on_signal)


def _exit_on_signal(number: int, frame: object) -> None:
    pytest.exit(f"ended by {signal.Signals(number).name}", returncode=128 + number)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses `vendor_server` once per vendor, with that vendor's marker."""
    if "vendor_server" not in metafunc.fixturenames:
        return
    limit = metafunc.definition.get_closest_marker("vendors")
    names = limit.args if limit else VENDORS
    metafunc.parametrize(
        "vendor_server",
        [pytest.param(name, marks=[getattr(pytest.mark, name)]) for name in names],
        indirect=True,
        scope="session",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--real-projects"):
        return
    skip = pytest.mark.skip(
        reason="wagtail and django-oscar are installed only with --real-projects"
    )
    for item in items:
        if item.get_closest_marker("real_projects"):
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many tests did not run, and why: a green run must not hide a vendor that was not tested."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.section("tests that did not run")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} {'test' if count == 1 else 'tests'} skipped: {reason}")
    reports = [report for found in terminalreporter.stats.values() for report in found]
    if lines := tally.lines(reports):
        terminalreporter.section("killed at any instant")
    for line in lines:
        terminalreporter.line(line)


def start_or_skip(start: Callable[[], Server]) -> Server:
    """Return the started server; without one the test is skipped, or fails where CI demands servers."""
    try:
        return start()
    except ServerUnavailable as error:
        if os.environ.get(REQUIRE_SERVERS) == "1":
            pytest.fail(f"{error} ({REQUIRE_SERVERS}=1 makes this a failure.)", pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session", autouse=True)
def _stop_servers() -> Iterator[None]:
    yield
    stop_shared_servers()


@pytest.fixture(scope="session")
def sqlite_server() -> Server:
    return start_or_skip(lambda: shared_server("sqlite"))


@pytest.fixture(scope="session")
def postgresql_server() -> Server:
    return start_or_skip(lambda: shared_server("postgresql"))


@pytest.fixture(scope="session")
def mariadb_server() -> Server:
    return start_or_skip(lambda: shared_server("mariadb"))


@pytest.fixture(scope="session")
def postgresql18_server() -> Iterator[Server]:
    server = start_or_skip(lambda: _started(PostgreSQLServer(18)))
    yield server
    server.remove()


@pytest.fixture(scope="session")
def vendor_server(request: pytest.FixtureRequest) -> Server:
    """Each vendor's shared server in turn."""
    return request.getfixturevalue(f"{request.param}_server")


@pytest.fixture
def make_server() -> Iterator[Callable[..., Server]]:
    """Start a server for this test alone: `make_server("postgresql", major=18, config=["..."])`."""
    made: list[Server] = []

    def make(name: str, **options: Any) -> Server:
        server = start_or_skip(lambda: _started(SERVERS[name](**options)))
        made.append(server)
        return server

    yield make
    for server in made:
        server.remove()


@pytest.fixture
def make_database(vendor_server: Server) -> Iterator[Callable[[], dict[str, Any]]]:
    """Create empty databases on this vendor's server; they are dropped after the test."""
    made: list[dict[str, Any]] = []

    def make() -> dict[str, Any]:
        made.append(vendor_server.create_database())
        return made[-1]

    yield make
    for entry in made:
        vendor_server.drop_database(entry)


@pytest.fixture
def database_settings(make_database: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The DATABASES entry of a fresh database."""
    return make_database()


@pytest.fixture
def connection(
    request: pytest.FixtureRequest, database_settings: dict[str, Any], django_db_blocker: Any
) -> Iterator[BaseDatabaseWrapper]:
    """
    A connection to a fresh database, which is `connections["default"]` while the test runs.

    Django's schema editor and executor look the connection up by its alias, so it has to be the real one.
    """
    if {"db", "transactional_db"} & set(request.fixturenames):
        pytest.fail(
            "`connection` replaces the database of `db`; a test takes one of the two.",
            pytrace=False,
        )
    original_settings, original = connections.settings["default"], connections["default"]
    connections.settings["default"] = configured(database_settings)
    fresh = connections.create_connection("default")
    connections["default"] = fresh
    try:
        with django_db_blocker.unblock():
            yield fresh
    finally:
        fresh.close()
        connections.settings["default"], connections["default"] = original_settings, original


@pytest.fixture
def make_project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Make projects: `make_project(server, safe_migrate=False)`."""
    made: list[Project] = []

    def make(server: Server, **options: Any) -> Project:
        project = Project(tmp_path / f"project{len(made) or ''}", server, **options)
        made.append(project)
        return project

    yield make
    for project in made:
        project.remove()


@pytest.fixture
def project(vendor_server: Server, make_project: Callable[..., Project]) -> Project:
    """A project with our app, on each vendor in turn."""
    return make_project(vendor_server)


def _started(server: Server) -> Server:
    server.start()
    return server
