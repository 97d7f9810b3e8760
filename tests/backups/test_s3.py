"""Copies in a bucket of S3, through django-storages, on a server of S3's interface of our own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from moto.server import ThreadedMotoServer

from django_safe_migrate.backups import get_backend
from django_safe_migrate.backups.copying import CopyingBackend
from tests.backups.conftest import BOOKS, Shop

ACCESS: dict[str, Any] = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing-secret",
    "region_name": "us-west-2",
}


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    """A client of a server on loopback, which has one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **ACCESS)
    client.create_bucket(
        Bucket="shop-west", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    yield client
    client.close()
    server.stop()


@pytest.fixture
def backend(shop: Shop, s3: Any) -> Iterator[CopyingBackend]:
    bucket = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": "shop-west",
            "location": "backups/of shop",
            "endpoint_url": s3.meta.endpoint_url,
            "access_key": ACCESS["aws_access_key_id"],
            "secret_key": ACCESS["aws_secret_access_key"],
            "region_name": ACCESS["region_name"],
        },
    }
    backup = {"COPIES": ["west"], "OPTIONS": {"lock_wait": 5}}
    with override_settings(
        STORAGES={**django_settings.STORAGES, "west": bucket}, SAFE_MIGRATE={"BACKUP": backup}
    ):
        made = get_backend()
        assert isinstance(made, CopyingBackend)
        yield made
        for one in keys(s3):
            s3.delete_object(Bucket="shop-west", Key=one)


def keys(s3: Any) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket="shop-west").get("Contents", [])]


def test_a_copy_in_a_bucket_is_read_back_listed_and_restored_from_there_alone(
    shop: Shop, s3: Any, backend: CopyingBackend
) -> None:
    receipt = backend.create(shop.database)
    (copy,) = receipt.copies
    assert (copy.storage, copy.name, copy.error) == ("west", receipt.name, "")
    assert copy.where == "S3Storage backups/of shop shop-west"
    place = f"backups/of shop/{receipt.name}"
    assert keys(s3) == [place, f"{place}.metadata"]
    content = (shop.folder / receipt.name).read_bytes()
    assert s3.get_object(Bucket="shop-west", Key=place)["Body"].read() == content
    assert backend.list("default") == (receipt,)
    assert backend.verify(receipt.name, "default").copies[0].verified_at > copy.verified_at

    shop.sql("DELETE FROM shop_book")
    shutil.rmtree(shop.folder)
    (listed,) = backend.list("default")
    assert listed.name == receipt.name
    assert listed.lost
    proven = backend.prove(receipt.name, shop.database)
    assert proven.proof.startswith(f'of the copy {receipt.name} in STORAGES["west"]: restored')
    assert backend.list("default")[0].proven_at == proven.proven_at
    result = backend.restore(receipt.name, shop.database)
    assert "its copy default-" in result.notices[-1]
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
    backend.delete(receipt.name)
    assert keys(s3) == []


def test_a_copy_that_was_changed_in_the_bucket_is_noticed(
    shop: Shop, s3: Any, backend: CopyingBackend
) -> None:
    name = backend.create(shop.database).name
    place = f"backups/of shop/{name}"
    content = s3.get_object(Bucket="shop-west", Key=place)["Body"].read()
    s3.put_object(Bucket="shop-west", Key=place, Body=content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(Exception, match="not every copy of it is") as caught:
        backend.verify(name, "default")
    assert 'STORAGES["west"]: The content of the backup' in str(caught.value)
    manifest = s3.get_object(Bucket="shop-west", Key=f"{place}.metadata")["Body"].read()
    assert json.loads(manifest)["safe_migrate"]["copy_of"] == name
