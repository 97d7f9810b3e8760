"""Receipts as JSON: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

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
    seconds=1.25,
    verified_at="2026-01-02T03:04:05.000000+00:00",
)


def test_it_survives_json() -> None:
    assert Receipt.from_json(json.loads(json.dumps(RECEIPT.to_json()))) == RECEIPT


@pytest.mark.parametrize("key", sorted(RECEIPT.to_json().keys() - {"format_version"}))
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
        ManifestDamaged, match=r"The manifest lacks what a receipt has \('applied_migrations'\)"
    ):
        Receipt.from_json({**content, "seal": _seal(content)})


def test_verified_means_verified_and_not_broken() -> None:
    assert RECEIPT.is_verified
    assert not Receipt(name="a", database="b").is_verified
    assert not Receipt(name="a", database="b", verified_at="x", broken="It is gone.").is_verified
