"""The leading keywords by which statements and actions are named that nothing more is read of."""

from __future__ import annotations

from django_safe_migrate.sql.reading.cursor import Cursor
from django_safe_migrate.sql.reading.tokens import Kind


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """The longest first, so that the first that fits is the right one."""
    found = (tuple(line.split()) for line in text.strip().splitlines())
    return tuple(sorted(found, key=len, reverse=True))


#: Actions of ALTER TABLE.
ACTIONS = _phrases("""
    ADD PARTITION
    ADD PERIOD
    ADD SYSTEM VERSIONING
    ALTER CHECK
    ALTER CONSTRAINT
    ALTER INDEX
    ANALYZE PARTITION
    CHECK PARTITION
    CLUSTER ON
    COALESCE PARTITION
    CONVERT TO CHARACTER SET
    CONVERT PARTITION
    CONVERT TABLE
    DISABLE KEYS
    DISABLE ROW LEVEL SECURITY
    DISABLE RULE
    DISABLE TRIGGER
    DISCARD PARTITION
    DISCARD TABLESPACE
    DROP PARTITION
    DROP PERIOD
    DROP SYSTEM VERSIONING
    ENABLE ALWAYS RULE
    ENABLE ALWAYS TRIGGER
    ENABLE KEYS
    ENABLE REPLICA RULE
    ENABLE REPLICA TRIGGER
    ENABLE ROW LEVEL SECURITY
    ENABLE RULE
    ENABLE TRIGGER
    EXCHANGE PARTITION
    FORCE ROW LEVEL SECURITY
    IMPORT PARTITION
    IMPORT TABLESPACE
    INHERIT
    MERGE PARTITIONS
    NO FORCE ROW LEVEL SECURITY
    NO INHERIT
    NOT OF
    OF
    OPTIMIZE PARTITION
    ORDER BY
    OWNER TO
    PARTITION BY
    REBUILD PARTITION
    REMOVE PARTITIONING
    RENAME CONSTRAINT
    RENAME INDEX
    RENAME KEY
    REORGANIZE PARTITION
    REPAIR PARTITION
    REPLICA IDENTITY
    SET ACCESS METHOD
    SET LOGGED
    SET TABLESPACE
    SET UNLOGGED
    SET WITHOUT CLUSTER
    SET WITHOUT OIDS
    SPLIT PARTITION
    TRUNCATE PARTITION
""")
#: MySQL's options of a table, each with a value; several may follow each other without a comma.
OPTIONS = _phrases("""
    AUTO_INCREMENT
    AVG_ROW_LENGTH
    CHARACTER SET
    CHARSET
    CHECKSUM
    COLLATE
    COMMENT
    COMPRESSION
    DATA DIRECTORY
    DEFAULT CHARACTER SET
    DEFAULT CHARSET
    DEFAULT COLLATE
    DELAY_KEY_WRITE
    ENCRYPTED
    ENCRYPTION
    ENGINE
    INDEX DIRECTORY
    INSERT_METHOD
    KEY_BLOCK_SIZE
    MAX_ROWS
    MIN_ROWS
    PACK_KEYS
    PAGE_COMPRESSED
    ROW_FORMAT
    STATS_AUTO_RECALC
    STATS_PERSISTENT
    STATS_SAMPLE_PAGES
    TABLESPACE
""")
#: Actions of ALTER COLUMN.
COLUMN_ACTIONS = _phrases("""
    ADD GENERATED
    DROP EXPRESSION
    DROP IDENTITY
    RESET
    RESTART
    SET COMPRESSION
    SET EXPRESSION
    SET GENERATED
    SET INVISIBLE
    SET STATISTICS
    SET STORAGE
    SET VISIBLE
""")
#: What can be created, altered and dropped and is no table, index, view, trigger or type.
OBJECTS = _phrases("""
    ACCESS METHOD
    AGGREGATE
    CAST
    COLLATION
    CONVERSION
    DATABASE
    DEFAULT PRIVILEGES
    DOMAIN
    EVENT
    EVENT TRIGGER
    EXTENSION
    FOREIGN DATA WRAPPER
    FUNCTION
    GROUP
    LANGUAGE
    LARGE OBJECT
    OPERATOR
    OPERATOR CLASS
    OPERATOR FAMILY
    OWNED
    PACKAGE
    PACKAGE BODY
    PROCEDURE
    PUBLICATION
    ROLE
    ROUTINE
    SCHEMA
    SEQUENCE
    SERVER
    STATISTICS
    SUBSCRIPTION
    SYSTEM
    TABLESPACE
    TEXT SEARCH CONFIGURATION
    TEXT SEARCH DICTIONARY
    TEXT SEARCH PARSER
    TEXT SEARCH TEMPLATE
    TRANSFORM
    TYPE
    USER
    USER MAPPING
""")


def take_phrase(cursor: Cursor, phrases: tuple[tuple[str, ...], ...]) -> str:
    """Take the longest of these phrases that follows and return it, empty if none does."""
    for phrase in phrases:
        if cursor.take(*phrase):
            return " ".join(phrase)
    return ""


def take_leading_words(cursor: Cursor, most: int = 2) -> str:
    """Take the words that follow, at most so many, and return them in upper case."""
    words: list[str] = []
    while len(words) < most and cursor.peek().kind is Kind.WORD:
        words.append(cursor.next().value)
    return " ".join(words)
