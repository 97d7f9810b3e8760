"""How often the database has to compute a default."""

from __future__ import annotations

from collections.abc import Sequence

from django_safe_migrate.databases.statements import Default
from django_safe_migrate.sql.reading.cursor import Cursor
from django_safe_migrate.sql.reading.tokens import Kind, Token

#: Functions with one value per statement or transaction (``pg_proc.provolatile`` is ``s``); those of MySQL likewise.
_STABLE = frozenset(
    {
        "age",
        "curdate",
        "current_catalog",
        "current_database",
        "current_date",
        "current_role",
        "current_schema",
        "current_setting",
        "current_time",
        "current_timestamp",
        "current_user",
        "curtime",
        "date_trunc",
        "localtime",
        "localtimestamp",
        "now",
        "session_user",
        "statement_timestamp",
        "timezone",
        "to_char",
        "to_date",
        "to_timestamp",
        "transaction_timestamp",
        "txid_current",
        "unix_timestamp",
        "user",
        "utc_date",
        "utc_time",
        "utc_timestamp",
        "version",
    }
)
#: Functions whose value depends on their arguments only (``pg_proc.provolatile`` is ``i``).
_IMMUTABLE = frozenset(
    {
        "abs",
        "array",
        "array_append",
        "array_cat",
        "array_fill",
        "ascii",
        "btrim",
        "cast",
        "ceil",
        "ceiling",
        "char_length",
        "chr",
        "coalesce",
        "convert_from",
        "convert_to",
        "date_part",
        "decode",
        "encode",
        "extract",
        "floor",
        "greatest",
        "int4range",
        "int8range",
        "json_array",
        "json_build_array",
        "json_build_object",
        "json_object",
        "jsonb_build_array",
        "jsonb_build_object",
        "left",
        "length",
        "lower",
        "lpad",
        "ltrim",
        "make_date",
        "make_interval",
        "make_time",
        "md5",
        "mod",
        "nullif",
        "numrange",
        "position",
        "power",
        "repeat",
        "replace",
        "reverse",
        "right",
        "round",
        "row",
        "rpad",
        "rtrim",
        "sha256",
        "sqrt",
        "string_to_array",
        "substr",
        "substring",
        "to_tsvector",
        "trim",
        "trunc",
        "upper",
    }
)
#: Words of PostgreSQL and MySQL that call a function without parentheses.
_WITHOUT_PARENTHESES = frozenset(
    {
        "current_catalog",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "localtime",
        "localtimestamp",
        "session_user",
        "sysdate",
        "user",
        "utc_date",
        "utc_time",
        "utc_timestamp",
    }
)
#: Words before a parenthesis that are no functions.
_OPERATORS = frozenset(
    {"and", "between", "case", "else", "in", "interval", "is", "not", "or"} | {"then", "when"}
)
_ORDER = (Default.CONSTANT, Default.IMMUTABLE, Default.STABLE, Default.VOLATILE)


def default_of(cursor: Cursor) -> Default:
    """
    Return how often an expression has to be computed.

    A function that is not known to be immutable or stable is volatile. ``now()`` in the words of PostgreSQL's catalogue is stable,
    ``clock_timestamp()`` volatile; see https://www.postgresql.org/docs/current/xfunc-volatility.html.
    """
    tokens = cursor.rest().tokens
    if [token.value for token in tokens] in (["NULL"], ["(", "NULL", ")"]):
        return Default.NONE
    found = [_called(tokens, index) for index in range(len(tokens))]
    if not _is_literal(tokens, in_parentheses=not cursor.syntax.parenthesised_defaults):
        found.append(Default.IMMUTABLE)
    return max([Default.CONSTANT, *found], key=_ORDER.index)


def _called(tokens: Sequence[Token], index: int) -> Default:
    """What a token adds, when it calls a function."""
    token = tokens[index]
    if token.kind not in {Kind.WORD, Kind.NAME}:
        return Default.CONSTANT
    name = token.value.lower()
    has_arguments = index + 1 < len(tokens) and tokens[index + 1].is_sign("(")
    if name in _OPERATORS or _is_type(tokens, index):
        return Default.CONSTANT
    if not has_arguments:
        if name not in _WITHOUT_PARENTHESES or token.kind is Kind.NAME:
            return Default.CONSTANT
        return Default.VOLATILE if name == "sysdate" else Default.STABLE
    if name in _IMMUTABLE:
        return Default.IMMUTABLE
    return Default.STABLE if name in _STABLE else Default.VOLATILE


def _is_type(tokens: Sequence[Token], index: int) -> bool:
    """Whether a word belongs to a type, as in ``1::character varying(20)`` or ``cast(1 AS numeric(8, 2))``."""
    before = index - 1
    while before >= 0 and tokens[before].kind is Kind.WORD and not tokens[before].is_word("AS"):
        before -= 1
    return before >= 0 and (tokens[before].is_sign("::") or tokens[before].is_word("AS"))


def _is_literal(tokens: Sequence[Token], *, in_parentheses: bool) -> bool:
    """A value, perhaps with a sign, a cast or parentheses around it."""
    while in_parentheses and len(tokens) > 2 and tokens[0].is_sign("(") and tokens[-1].is_sign(")"):
        tokens = tokens[1:-1]
    if tokens and (tokens[0].is_sign("-") or tokens[0].is_sign("+")):
        tokens = tokens[1:]
    if not tokens:
        return False
    # A word before a string is its type: ``date '2026-01-01'``, ``_utf8'x'``.
    if len(tokens) > 1 and tokens[0].kind is Kind.WORD and tokens[1].kind is Kind.STRING:
        tokens = tokens[1:]
    is_value = tokens[0].kind in {Kind.STRING, Kind.NUMBER, Kind.PARAMETER}
    is_value = is_value or tokens[0].is_word("TRUE", "FALSE", "NULL")
    rest = tokens[1:]
    return is_value and (not rest or rest[0].is_sign("::"))
