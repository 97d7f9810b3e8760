"""Give a developer a shop with customers, orders and reviews in it, as small or as large as wanted."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS

from storefront.seeding import seed_shop
from storefront.tables import TablesMissing


class Command(BaseCommand):
    help = "Add made-up customers, products, orders and reviews. The same seed on an empty shop gives the same rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--orders", type=int, default=1000, metavar="N", help="How many orders (1000)."
        )
        parser.add_argument(
            "--seed", type=int, default=1, metavar="N", help="Another number gives other rows (1)."
        )
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, help="The database to fill (default)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["orders"] < 1:
            raise CommandError("--orders takes a number of at least 1.")
        started = time.monotonic()
        try:
            written = seed_shop(options["orders"], options["seed"], options["database"])
        except TablesMissing as error:
            raise CommandError(
                "The shop's tables are not there yet, so nothing was added. Run `python manage.py safemigrate` first."
            ) from error
        for label, count in written.items():
            self.stdout.write(f"{label:22} {count:>9,} rows")
        self.stdout.write(
            self.style.SUCCESS(f"Seeded in {time.monotonic() - started:.1f} seconds.")
        )
