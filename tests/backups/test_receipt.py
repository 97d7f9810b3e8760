"""Receipts as JSON: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

import dataclasses
import json

import pytest

from django_safe_migrate.backups.receipt import ManifestDamaged, Receipt
from django_safe_migrate.databases.base import RowCount

RECEIPT = Receipt(
    name="default-host-2026-01-02-030405.sqlite3",
    database="default",
    applied_migrations=("shop.0001_initial",),
    row_counts={"shop_öre": RowCount(3, exact=True), "big": RowCount(9, exact=False)},
    counts_match_dump=True,
    objects={"tables": 2},
    row_checksums={"shop_öre": "00c0ffee00c0ffee"},
    sequences={"public.shop_öre_id_seq": (3, 7), "big": (9, None)},
    seconds=1.25,
    log_position={"at": "0/3000028", "timeline": 1, "from": None, "segments": ["a", "b"]},
    verified_at="2026-01-02T03:04:05.000000+00:00",
)


def test_it_survives_json() -> None:
    assert Receipt.from_json(json.loads(json.dumps(RECEIPT.to_json()))) == RECEIPT


@pytest.mark.parametrize("key", sorted(RECEIPT.to_json()))
def test_a_change_of_any_value_is_found(key: str) -> None:
    data = json.loads(json.dumps(RECEIPT.to_json()))
    data[key] = "another value"
    with pytest.raises(ManifestDamaged, match="its seal does not fit its content"):
        Receipt.from_json(data)


@pytest.mark.parametrize("data", [None, [], "text", {}, {"name": "x"}])
def test_what_is_no_manifest(data: object) -> None:
    with pytest.raises(ManifestDamaged, match="The manifest is not one that this package wrote"):
        Receipt.from_json(data)


def test_a_sealed_manifest_without_what_a_receipt_has() -> None:
    from django_safe_migrate.backups.receipt import _seal

    content = {"name": "x", "format_version": 1}
    with pytest.raises(
        ManifestDamaged, match=r"The manifest lacks what a receipt has \(applied_migrations\)"
    ):
        Receipt.from_json({**content, "seal": _seal(content)})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", 3),
        ("name", "\ud800"),
        ("size", -1),
        ("size", True),
        ("seconds", "long"),
        ("counts_match_dump", 1),
        ("applied_migrations", 7),
        ("applied_migrations", [7]),
        ("row_counts", ["shop"]),
        ("row_counts", {"shop": {"rows": "3", "exact": True}}),
        ("row_checksums", {"shop": 3}),
        ("sequences", {"shop": [1]}),
        ("sequences", {"shop": ["1", None]}),
        ("copies", [{"name": "x"}]),
        ("format_version", "1"),
    ],
)
def test_a_manifest_that_was_sealed_anew_with_anything(key: str, value: object) -> None:
    from django_safe_migrate.backups.receipt import SEAL, _seal

    content = {k: v for k, v in RECEIPT.to_json().items() if k != SEAL} | {key: value}
    with pytest.raises(ManifestDamaged) as caught:
        Receipt.from_json({**content, "seal": _seal(content)})
    assert str(caught.value) == (f"The manifest has something else as {key} than a receipt has.")


def test_what_is_told_has_no_checksums_of_rows_and_is_a_receipt_all_the_same() -> None:
    told = RECEIPT.told()
    assert told["row_checksums"] == {}
    assert dataclasses.replace(RECEIPT, row_checksums={}) == Receipt.from_json(told)


def test_verified_means_verified_and_not_broken() -> None:
    assert RECEIPT.is_verified
    assert not Receipt(name="a", database="b").is_verified
    assert not Receipt(name="a", database="b", verified_at="x", broken="It is gone.").is_verified
