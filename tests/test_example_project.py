"""Keep the example shop working: its migrations on each vendor, its made-up data, its pages and its demo."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import django_safe_migrate

SHOP = Path(__file__).resolve().parent.parent / "example_project"
RELEASE_1 = ("reviews", "0003")
RELEASE_2 = {
    "catalogue.0008_product_barcode",
    "customers.0005_remove_customer_full_name",
    "orders.0008_tidy_payment_providers",
    "orders.0009_fill_order_currency",
    "orders.0010_order_currency_required",
    "orders.0011_orderline_sold_idx",
    "reviews.0004_rename_review_body_to_text",
}
SCHEMES = {
    "django.db.backends.sqlite3": "sqlite",
    "django.db.backends.postgresql": "postgresql",
    "django.db.backends.mysql": "mysql",
}


class Shop:
    """The example project over one database; its commands run as processes, as they do when deployed."""

    def __init__(self, database_url: str, var: Path) -> None:
        package = str(Path(django_safe_migrate.__file__).parent.parent)
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("DJANGO_", "PYTHON"))
            },
            "DATABASE_URL": database_url,
            "VAR_DIR": str(var),
            "PYTHONPATH": package,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=SHOP,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def manage(self, *arguments: str) -> str:
        result = self.run("manage.py", *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def ask(self, code: str) -> Any:
        """Run code that sets `answer`."""
        return json.loads(self.run_code(f"{code}\nimport json; print(json.dumps(answer))"))

    def run_code(self, code: str) -> str:
        """Run code with Django set up."""
        prepared = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup()\n"
        result = self.run("-c", prepared + code)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def manage_all(self, *commands: list[str]) -> None:
        """Run several commands in one process, where nothing depends on their being several."""
        calls = "".join(f"call_command(*{[*command, '--verbosity=0']!r})\n" for command in commands)
        self.run_code(f"from django.core.management import call_command\n{calls}")

    def pending(self) -> set[str]:
        lines = self.manage("showmigrations", "--plan").splitlines()
        return {line.removeprefix("[ ]").strip() for line in lines if line.startswith("[ ]")}


def to_url(entry: dict[str, Any]) -> str:
    scheme = SCHEMES[entry["ENGINE"]]
    if scheme == "sqlite":
        return f"sqlite:///{quote(entry['NAME'])}"
    credentials = f"{quote(entry['USER'], safe='')}:{quote(entry['PASSWORD'], safe='')}"
    return f"{scheme}://{credentials}@{entry['HOST']}:{entry['PORT']}/{entry['NAME']}"


@pytest.fixture
def make_shop(tmp_path: Path) -> Callable[[str], Shop]:
    def make(name: str) -> Shop:
        return Shop(f"sqlite:///{tmp_path / name}", tmp_path / "var")

    return make


@pytest.fixture(scope="module")
def filled_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop on SQLite with all migrations and 500 orders; tests only read it."""
    folder = tmp_path_factory.mktemp("shop")
    shop = Shop(f"sqlite:///{folder / 'shop.sqlite3'}", folder / "var")
    shop.manage_all(["migrate"], ["seed", "--orders=500"])
    return shop


def test_migrations_describe_the_models(make_shop: Callable[[str], Shop]) -> None:
    assert (
        make_shop("empty.sqlite3").manage("makemigrations", "--check", "--dry-run")
        == "No changes detected\n"
    )


def test_release_2_is_carried_out_over_a_filled_release_1(
    database_settings: dict[str, Any], tmp_path: Path
) -> None:
    shop = Shop(to_url(database_settings), tmp_path / "var")
    shop.manage_all(
        ["migrate", *RELEASE_1], ["migrate", "django_safe_migrate"], ["seed", "--orders=500"]
    )
    assert shop.pending() == RELEASE_2
    full_names, without_currency = shop.ask(
        "from django.db import connection\n"
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('SELECT COUNT(*) FROM customers_customer WHERE full_name <> %s', [''])\n"
        "    names = cursor.fetchone()[0]\n"
        "    cursor.execute('SELECT COUNT(*) FROM orders_order WHERE currency IS NULL')\n"
        "    answer = [names, cursor.fetchone()[0]]"
    )
    assert full_names == 250
    assert 0 < without_currency < 500

    shop.manage("migrate", "--noinput")

    assert shop.pending() == set()
    assert shop.ask(
        "from orders.models import Order, Payment; from reviews.models import Review\n"
        "answer = [Order.objects.count(), Order.objects.filter(currency='').count(),"
        " Review.objects.exclude(text='').count(), sorted(set(Payment.objects.values_list('provider', flat=True)))]"
    ) == [500, 0, 125, ["card", "invoice", "paypal"]]

    shop.manage("seed", "--orders", "30", "--seed", "2")
    # The next row through the ORM gets a key of its own: the sequences know of the explicit ones.
    assert shop.ask(
        "from orders.models import Order; from customers.models import Customer\n"
        "order = Order.objects.create(number='by-hand', customer=Customer.objects.first(), currency='EUR')\n"
        "answer = [order.pk, Order.objects.count()]"
    ) == [531, 531]


def test_migrations_go_back_as_far_as_the_one_without_a_reverse(
    database_settings: dict[str, Any], tmp_path: Path
) -> None:
    shop = Shop(to_url(database_settings), tmp_path / "var")
    shop.manage_all(
        ["migrate"],
        ["seed", "--orders=50"],
        ["migrate", *RELEASE_1],
        ["migrate", "customers", "0004"],
        ["migrate", "catalogue", "0007"],
        ["migrate", "orders", "0008"],
    )
    assert shop.pending() == RELEASE_2 - {"orders.0008_tidy_payment_providers"}

    stopped = shop.run("manage.py", "migrate", "orders", "0007")

    assert stopped.returncode == 1
    assert "in orders.0008_tidy_payment_providers is not reversible" in stopped.stderr
    shop.manage("migrate", "--noinput")
    assert shop.pending() == set()


def test_the_same_seed_gives_the_same_rows(
    make_shop: Callable[[str], Shop], tmp_path: Path
) -> None:
    def rows_of(name: str, seed: str) -> list[Any]:
        shop = make_shop(name)
        shop.manage_all(["migrate"], ["seed", "--orders=40", f"--seed={seed}"])
        tables = [
            "customers_customer",
            "catalogue_product",
            "orders_order",
            "orders_orderline",
            "reviews_review",
        ]
        queries = [f"SELECT * FROM {table} ORDER BY id" for table in tables]
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            return [connection.execute(query).fetchall() for query in queries]

    first = rows_of("first.sqlite3", "7")
    assert all(first)
    assert rows_of("second.sqlite3", "7") == first
    assert rows_of("third.sqlite3", "8") != first


def test_seed_says_what_to_do_when_the_tables_are_missing(make_shop: Callable[[str], Shop]) -> None:
    result = make_shop("empty.sqlite3").run("manage.py", "seed")
    assert result.returncode == 1
    assert result.stderr == (
        "CommandError: The shop's tables are not there yet, so nothing was added. "
        "Run `python manage.py safemigrate` first.\n"
    )


@pytest.mark.parametrize(
    "path", ["/", "/products/P000001/", "/health/", "/health/?format=json", "/admin/login/"]
)
def test_pages_answer(filled_shop: Shop, path: str) -> None:
    code = f"from django.test import Client; answer = Client(SERVER_NAME='localhost').get({path!r}).status_code"
    assert filled_shop.ask(code) == 200


def test_admin_lists_answer_with_a_bounded_number_of_queries(filled_shop: Shop) -> None:
    answers = filled_shop.ask(
        "from django.contrib import admin; from django.contrib.auth.models import User\n"
        "from django.db import connection\n"
        "from django.test import Client; from django.urls import reverse\n"
        "from django.test.utils import CaptureQueriesContext\n"
        "client = Client(SERVER_NAME='localhost')\n"
        "client.force_login(User.objects.get_or_create(username='boss', is_staff=True, is_superuser=True)[0])\n"
        "answer = {}\n"
        "for model in admin.site._registry:\n"
        "    if model._meta.app_label in {'catalogue', 'customers', 'orders', 'reviews'}:\n"
        "        with CaptureQueriesContext(connection) as queries:\n"
        "            page = client.get(reverse(f'admin:{model._meta.app_label}_{model._meta.model_name}_changelist'))\n"
        "        answer[model._meta.label] = [page.status_code, len(queries) < 15]"
    )
    assert {"catalogue.Product", "customers.Customer", "orders.Order", "reviews.Review"} <= set(
        answers
    )
    assert set(map(tuple, answers.values())) == {(200, True)}


@pytest.mark.slow
def test_demo_goes_from_nothing_to_the_report(
    make_shop: Callable[[str], Shop], tmp_path: Path
) -> None:
    result = make_shop("never-touched.sqlite3").run("demo.py")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Checked: every table and every row of the shop is as it was." in result.stdout
    assert (tmp_path / "var" / "report.md").read_text().startswith("# ")
    assert not (tmp_path / "never-touched.sqlite3").exists()
