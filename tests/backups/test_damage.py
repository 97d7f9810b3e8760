"""
Damage of any kind, to a backup or to its manifest: found by `verify`, refused by a restore, and never a traceback.

`SAFE_MIGRATE_TESTS_EXAMPLES` is how often each of these is tried; a few dozen times without it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from django_safe_migrate.backups import Receipt
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import Shop

EXAMPLES = int(os.environ.get("SAFE_MIGRATE_TESTS_EXAMPLES", "0"))


def often(times: int) -> Callable[..., Any]:
    # The files are put back before each example, so a shop serves them all.
    return settings(
        max_examples=EXAMPLES or times,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


@dataclasses.dataclass
class Kept:
    """A backup, its manifest, and what both were when they were whole."""

    shop: Shop
    receipt: Receipt
    file: Path
    manifest: Path
    content: bytes
    text: bytes

    def damage(self, *, content: bytes | None = None, text: bytes | None = None) -> None:
        self.file.write_bytes(self.content if content is None else content)
        self.manifest.write_bytes(self.text if text is None else text)

    def reseal(self, content: bytes, **changes: Any) -> None:
        """Put other content in the backup's place with a manifest that fits it, as whoever can write there could."""
        changes = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), **changes}
        data = json.loads(self.text)
        data["safe_migrate"] = dataclasses.replace(self.receipt, **changes).to_json()
        self.damage(content=content, text=json.dumps(data).encode())

    def why(self, act: Callable[[], object]) -> str:
        with pytest.raises(BackupFailed) as caught:
            act()
        assert caught.value.changed == "The database was not changed."
        return caught.value.message

    def refusals(self) -> tuple[str, str]:
        """Why `verify` and a restore will have none of it."""
        name, shop = self.receipt.name, self.shop
        return (
            self.why(lambda: shop.backend.verify(name, "default")),
            self.why(lambda: shop.restore(name)),
        )


@pytest.fixture
def kept(shop: Shop) -> Kept:
    receipt = shop.create()
    file = shop.folder / receipt.name
    manifest = shop.folder / f"{receipt.name}.metadata"
    return Kept(shop, receipt, file, manifest, file.read_bytes(), manifest.read_bytes())


def test_any_bit_of_a_backup(kept: Kept) -> None:
    @often(15)
    @given(place=st.integers(0, len(kept.content) * 8 - 1))
    @example(place=0)
    @example(place=len(kept.content) * 8 - 1)
    def flip(place: int) -> None:
        content = bytearray(kept.content)
        content[place // 8] ^= 1 << place % 8
        kept.damage(content=bytes(content))
        digest = hashlib.sha256(content).hexdigest()
        for message in kept.refusals():
            assert message.endswith(
                f"The content of the backup {kept.receipt.name} is not what was written: its SHA-256 is {digest}, "
                f"and the manifest says {kept.receipt.sha256}."
            )

    flip()


def test_any_length_of_a_backup(kept: Kept) -> None:
    @often(15)
    @given(length=st.integers(0, len(kept.content) - 1))
    @example(length=0)
    @example(length=len(kept.content) - 1)
    def cut(length: int) -> None:
        kept.damage(content=kept.content[:length])
        for message in kept.refusals():
            assert message.endswith(
                f"is cut short: {length} bytes of {len(kept.content)} are in the storage."
            )

    cut()
    kept.damage(content=kept.content + b"\0")
    for message in kept.refusals():
        assert "is longer than what was written" in message
    kept.file.unlink()
    for message in kept.refusals():
        assert "is gone from the storage" in message


@pytest.mark.vendors("sqlite")
def test_any_bit_of_a_manifest(kept: Kept) -> None:
    @often(150)
    @given(place=st.integers(0, len(kept.text) * 8 - 1))
    def flip(place: int) -> None:
        text = bytearray(kept.text)
        text[place // 8] ^= 1 << place % 8
        kept.damage(text=bytes(text))
        for message in kept.refusals():
            assert kept.receipt.name in message

    flip()


@pytest.mark.vendors("sqlite")
def test_any_length_of_a_manifest_and_anything_in_its_place(kept: Kept) -> None:
    anything = st.binary(max_size=200) | st.integers(0, len(kept.text) - 1).map(
        lambda length: kept.text[:length]
    )

    @often(100)
    @given(text=anything)
    @example(text=b"[" * 200_000)
    @example(text=b'{"safe_migrate": ' + b"[" * 200_000)
    @example(text=b"null")
    @example(text=b'{"safe_migrate": {"seal": 1' + b"0" * 5000 + b"}}")
    def replace(text: bytes) -> None:
        kept.damage(text=text)
        for message in kept.refusals():
            assert kept.receipt.name in message
        # The list tells of it, and of every other one.
        assert all(one.broken for one in kept.shop.backend.list("default"))

    replace()
    kept.manifest.unlink()
    for message in kept.refusals():
        assert "has no manifest beside it" in message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.vendors("sqlite")
def test_any_field_of_a_manifest(kept: Kept) -> None:
    fields = sorted(json.loads(kept.text)["safe_migrate"])

    @often(150)
    @given(field=st.sampled_from([*fields, "engine", "connector", "unknown"]), value=JSON)
    def tamper(field: str, value: object) -> None:
        data = json.loads(kept.text)
        where = data if field in {"engine", "connector"} else data["safe_migrate"]
        before = json.dumps(where.get(field))
        where[field] = value
        if json.dumps(value) == before and field != "unknown":
            return
        kept.damage(text=json.dumps(data).encode())
        for message in kept.refusals():
            assert kept.receipt.name in message

    tamper()


def test_what_another_has_sealed_anew_is_read_with_care(kept: Kept) -> None:
    """A manifest that fits its file says nothing of who wrote it; what the file holds has to be a backup all the same."""

    @often(8)
    @given(
        content=st.binary(max_size=300)
        | st.integers(16, len(kept.content) - 1).map(lambda length: kept.content[:length])
    )
    @example(content=b"")
    def forge(content: bytes) -> None:
        kept.reseal(content)
        for message in kept.refusals():
            assert message

    forge()
    kept.reseal(kept.content, vendor="oracle")
    for message in kept.refusals():
        assert message.endswith(
            f"was made of a oracle database, and database 'default' is on {kept.receipt.vendor}."
        )
    # Wrong counts are found by what is restored, in the scratch database.
    counts = dict(kept.receipt.row_counts)
    del counts["shop_book"]
    kept.reseal(kept.content, row_counts=counts)
    assert kept.why(lambda: kept.shop.restore(kept.receipt.name))


@pytest.mark.vendors("sqlite")
def test_the_command_says_it_and_exits_with_its_own_code(kept: Kept) -> None:
    kept.damage(text=kept.text[: len(kept.text) // 2])
    errors = io.StringIO()
    with pytest.raises((CommandError, SystemExit)) as caught:
        call_command(
            "migrate_backup", "verify", kept.receipt.name, stdout=io.StringIO(), stderr=errors
        )
    code = getattr(caught.value, "returncode", None) or getattr(caught.value, "code", None)
    assert code == 4
    told = f"{caught.value} {errors.getvalue()}"
    assert f"The backup {kept.receipt.name} cannot be relied on." in told
    assert "The database was not changed." in told
