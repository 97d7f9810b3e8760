"""The receipt of a backup: what it holds, how it was made and proven; stored beside the backup as its manifest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases import RowCount

if TYPE_CHECKING:
    from django_safe_migrate.backups.contents import Range

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
    taken from the very state in the dump. ``row_checksums`` are of all rows of the tables that are not too large, and ``sequences`` say
    between which numbers each stood; both are compared by a proof. ``proven_at`` and ``proof`` say when and how it was last restored, and are kept outside of the
    manifest, as are ``copies``, which a run has put into further storages. ``copy_of`` is the name of the backup that this is a copy of.
    ``log_position`` says where the database's log was in that very state (``at``): from there the backup can be brought forward.
    ``encrypted_for`` names the key that opens an encrypted backup, and ``content_sha256`` is the digest of what is encrypted.
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
    row_checksums: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sequences: Mapping[str, Range] = dataclasses.field(default_factory=dict)
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
    log_position: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    encrypted_for: str = ""
    content_sha256: str = ""
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
        data["row_checksums"] = dict(self.row_checksums)
        data["sequences"] = {name: list(numbers) for name, numbers in self.sequences.items()}
        data["copies"] = [copy.to_json() for copy in self.copies]
        return {**data, SEAL: _seal(data)}

    def told(self) -> dict[str, Any]:
        """
        Return plain data for reports, journals and the history: without what is for the manifest beside the backup alone.

        With the checksum of a small table, whoever reads a report could test what its rows might be.
        """
        return dataclasses.replace(self, row_checksums={}).to_json()

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
        version, is_sealed = content.get("format_version"), data[SEAL] == _seal(content)
        if isinstance(version, int) and version > FORMAT_VERSION:
            changed = "" if is_sealed else ", or it was changed after it was written"
            raise ManifestDamaged(
                f"The manifest has format version {version}, which a newer version of this package wrote{changed}."
            )
        if not is_sealed:
            raise ManifestDamaged(
                "The manifest was changed after it was written: its seal does not fit its content."
            )
        return cls(**_values(content))


def _values(content: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a receipt, each of its kind: what was sealed anew by somebody else may hold anything."""
    missing = [name for name in ("applied_migrations", "row_counts") if name not in content]
    if missing:
        raise ManifestDamaged(f"The manifest lacks what a receipt has ({missing[0]}).")
    found = {}
    for field in dataclasses.fields(Receipt):
        if field.name not in content:
            continue
        read = _FIELDS.get(field.name) or _KINDS[str(field.type)]
        try:
            found[field.name] = read(content[field.name])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ManifestDamaged(
                f"The manifest has something else as {field.name} than a receipt has."
            ) from error
    for name in ("name", "database"):
        if name not in found:
            raise ManifestDamaged(f"The manifest lacks what a receipt has ({name}).")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    # A half of a character can be neither printed nor the name of a file.
    value.encode()
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError
    return value


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _range(value: Any) -> Range:
    low, high = value
    if any(not isinstance(one, int) for one in (low, low if high is None else high)):
        raise TypeError
    return low, high


def _part_of_position(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_text(one) for one in value]
    return _text(value) if isinstance(value, str) else _number(value)


def _mapping(read: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {_text(key): read(one) for key, one in value.items()}


_KINDS: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "int": _number,
    "float": _seconds,
    "bool": _truth,
}
_FIELDS: dict[str, Callable[[Any], Any]] = {
    "applied_migrations": lambda value: tuple(map(_text, value)),
    "row_counts": _mapping(lambda one: RowCount(_number(one["rows"]), exact=_truth(one["exact"]))),
    "objects": _mapping(_number),
    "row_checksums": _mapping(_text),
    "sequences": _mapping(_range),
    "log_position": _mapping(_part_of_position),
    "copies": lambda value: tuple(map(Copy.from_json, value)),
}


def _seal(data: Mapping[str, Any]) -> str:
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
