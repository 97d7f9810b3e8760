"""The receipt of a backup: what it holds, how it was made and proven; stored beside the backup as its manifest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django_safe_migrate.databases import RowCount

FORMAT_VERSION = 1
SEAL = "seal"


class ManifestDamaged(ValueError):
    """A manifest cannot be read, or is not what was written; the text is a full sentence."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """
    One copy of a backup in a further storage.

    ``storage`` is the alias in ``STORAGES`` and ``where`` what that is, ``name`` the name that it gave the file, ``verified_at`` when that
    was last read back in full. ``error`` is empty, or the sentence that says why there is no copy to rely on.
    """

    storage: str
    where: str = ""
    name: str = ""
    verified_at: str = ""
    error: str = ""

    @property
    def told(self) -> str:
        """Where the copy is, or why there is none, in one sentence."""
        if self.error:
            return f'There is no sound copy in STORAGES["{self.storage}"]. {self.error}'
        return f'Copied to STORAGES["{self.storage}"] ({self.where}) as {self.name}, and read back from there at {self.verified_at[:19]} UTC.'

    def to_json(self) -> dict[str, str]:
        """Return plain data."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, data: Any) -> Copy:
        """Rebuild a copy from what ``to_json`` gave; raise ``KeyError`` or ``TypeError`` when it is something else."""
        known = (field.name for field in dataclasses.fields(cls))
        return cls(
            storage=str(data["storage"]),
            **{key: str(data.get(key, "")) for key in known if key != "storage"},
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    What is known of one backup.

    ``name`` is its name in the storage, ``database`` the alias and ``source`` where that pointed (no password). Moments are ISO 8601
    in UTC. ``applied_migrations`` are ``app.name`` in the order they were recorded. ``counts_match_dump`` says that the row counts were
    taken from the very state in the dump. ``proven_at`` and ``proof`` say when and how it was last restored, and are kept outside of the
    manifest, as are ``copies``, which a run has put into further storages. ``copy_of`` is the name of the backup that this is a copy of.
    ``lost`` is empty, or says why only a copy can be restored. ``broken`` is empty, or the sentence that says why this backup cannot be
    relied on.
    """

    name: str
    database: str
    source: str = ""
    vendor: str = ""
    engine: str = ""
    connector: str = ""
    created_at: str = ""
    size: int = 0
    sha256: str = ""
    server: str = ""
    client: str = ""
    applied_migrations: tuple[str, ...] = ()
    row_counts: Mapping[str, RowCount] = dataclasses.field(default_factory=dict)
    counts_match_dump: bool = False
    objects: Mapping[str, int] = dataclasses.field(default_factory=dict)
    run_id: str = ""
    storage: str = ""
    seconds: float = 0.0
    verified_at: str = ""
    verification: str = ""
    proven_at: str = ""
    proof: str = ""
    format_version: int = FORMAT_VERSION
    copies: tuple[Copy, ...] = ()
    copy_of: str = ""
    lost: str = ""
    broken: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether this backup was read back and found to be what was written."""
        return bool(self.verified_at) and not self.broken

    def to_json(self) -> dict[str, Any]:
        """Return plain data with a seal: a digest of everything else in it."""
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        data["applied_migrations"] = list(self.applied_migrations)
        data["row_counts"] = {
            table: {"rows": count.rows, "exact": count.exact}
            for table, count in self.row_counts.items()
        }
        data["objects"] = dict(self.objects)
        data["copies"] = [copy.to_json() for copy in self.copies]
        return {**data, SEAL: _seal(data)}

    @classmethod
    def from_json(cls, data: Any) -> Receipt:
        """
        Rebuild a receipt from what ``to_json`` gave.

        Raises:
            ManifestDamaged: the data is not a receipt, or differs from what was sealed.
        """
        if not isinstance(data, Mapping) or SEAL not in data:
            raise ManifestDamaged("The manifest is not one that this package wrote.")
        content = {key: value for key, value in data.items() if key != SEAL}
        if content.get("format_version", 0) > FORMAT_VERSION:
            raise ManifestDamaged(
                f"The manifest has format version {content['format_version']}, which a newer version of this package wrote."
            )
        if data[SEAL] != _seal(content):
            raise ManifestDamaged(
                "The manifest was changed after it was written: its seal does not fit its content."
            )
        return cls(**_values(content))


def _values(content: dict[str, Any]) -> dict[str, Any]:
    known = {field.name for field in dataclasses.fields(Receipt)}
    try:
        return {
            **{key: value for key, value in content.items() if key in known},
            "applied_migrations": tuple(content["applied_migrations"]),
            "row_counts": {
                table: RowCount(int(count["rows"]), exact=bool(count["exact"]))
                for table, count in content["row_counts"].items()
            },
            "copies": tuple(map(Copy.from_json, content.get("copies", ()))),
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ManifestDamaged(f"The manifest lacks what a receipt has ({error}).") from error


def _seal(data: Mapping[str, Any]) -> str:
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
