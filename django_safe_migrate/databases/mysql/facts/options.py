"""Actions of ALTER TABLE about the table as a whole, by their leading keywords; measured on MariaDB 10.11, on MySQL from the manual ("Table operations")."""

from __future__ import annotations

import dataclasses

from django_safe_migrate.databases.mysql.facts.cost import COPY, INSTANT, REBUILD, Cost, Lock

_ENGINE = dataclasses.replace(
    COPY, unknown="ENGINE builds an InnoDB table anew in place, and copies one of another engine."
)
_PARTITIONS = dataclasses.replace(
    COPY, lock=Lock.EXCLUSIVE, unknown="What a change of partitions moves is not known."
)

#: The first that fits counts.
OPTIONS: dict[str, Cost] = {
    "ENGINE INNODB": REBUILD,
    "ENGINE": _ENGINE,
    "FORCE": REBUILD,
    "ROW_FORMAT": REBUILD,
    "KEY_BLOCK_SIZE": REBUILD,
    "PAGE_COMPRESSED": REBUILD,
    "COMMENT": INSTANT,
    "AUTO_INCREMENT": INSTANT,
    "DEFAULT CHARACTER SET": INSTANT,
    "DEFAULT CHARSET": INSTANT,
    "DEFAULT COLLATE": INSTANT,
    "CHARACTER SET": INSTANT,
    "CHARSET": INSTANT,
    "COLLATE": INSTANT,
    "STATS_PERSISTENT": INSTANT,
    "STATS_AUTO_RECALC": INSTANT,
    "STATS_SAMPLE_PAGES": INSTANT,
    "ALTER INDEX": INSTANT,
    "DISABLE KEYS": Cost(lock=Lock.EXCLUSIVE),
    "ENABLE KEYS": Cost(lock=Lock.EXCLUSIVE),
    "CONVERT TO CHARACTER SET": COPY,
    "CONVERT TO": COPY,
    "ORDER BY": COPY,
    "ADD SYSTEM VERSIONING": COPY,
    "DROP SYSTEM VERSIONING": COPY,
    "PARTITION BY": COPY,
    "REMOVE PARTITIONING": COPY,
    "ADD PARTITION": _PARTITIONS,
    "COALESCE PARTITION": _PARTITIONS,
    "DROP PARTITION": _PARTITIONS,
    "EXCHANGE PARTITION": _PARTITIONS,
    "REBUILD PARTITION": _PARTITIONS,
    "REORGANIZE PARTITION": _PARTITIONS,
    "TRUNCATE PARTITION": _PARTITIONS,
}
