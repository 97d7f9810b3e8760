"""Where one statement ends and the next begins: not at the semicolons inside of routines and triggers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django_safe_migrate.sql.reading.syntax import Syntax
from django_safe_migrate.sql.reading.tokens import END, Kind, Token, tokens

_ROUTINES = ("TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE")
#: Words between CREATE and the kind of a routine: ``OR REPLACE DEFINER = root@localhost AGGREGATE``.
_LONGEST_PREFIX = 12
#: CREATE OR REPLACE RULE.
_RULE_WITHIN = 4
_OPENING = ("IF", "WHILE", "LOOP", "REPEAT", "FOR")
#: What may stand before a statement inside of a body.
_BEFORE_STATEMENT = ("THEN", "ELSE", "DO", "LOOP", "REPEAT", "BEGIN", "ROW")


def split(text: str, syntax: Syntax) -> list[list[Token]]:
    """
    Return the tokens of each statement, without the semicolon at its end.

    A statement with a body ends after the END of the body; a command for a client program is a statement of its own.
    """
    return [part for part in _parts(tokens(text, syntax), syntax) if part]


def text_of(text: str, part: Sequence[Token]) -> str:
    """Return a statement as it was written, without comments around it."""
    return text[part[0].start : part[-1].end].strip() if part else ""


def _parts(found: Sequence[Token], syntax: Syntax) -> Iterator[list[Token]]:
    part: list[Token] = []
    body = _Body(syntax)
    for token in found:
        if token.kind is Kind.CLIENT:
            yield part
            yield [token]
            part, body = [], _Body(syntax)
        elif token.is_sign(";") and not body.is_open:
            yield part
            part, body = [], _Body(syntax)
        else:
            part.append(token)
            body.note(part)
    yield part


class _Body:
    """Follows a statement to tell whether its body is still open."""

    def __init__(self, syntax: Syntax) -> None:
        self._everywhere = syntax.bodies
        self._has_body: bool | None = None
        self._depth = 0
        self._parentheses = 0
        self._is_rule = False

    @property
    def is_open(self) -> bool:
        return self._depth > 0 or self._parentheses > 0

    def note(self, part: Sequence[Token]) -> None:
        """Take the last token of the statement into account."""
        if self._has_body is None:
            self._has_body = self._decide(part)
        elif self._has_body and part[-1].kind is Kind.WORD:
            self._depth = max(0, self._depth + self._step(part))
        self._note_rule(part)

    def _decide(self, part: Sequence[Token]) -> bool | None:
        """Whether the statement is one with a body, None when more of it is needed."""
        if self._everywhere and [token.value for token in part[:3]] == ["BEGIN", "NOT", "ATOMIC"]:
            self._depth = 1
            return True
        if not part[0].is_word("CREATE", "BEGIN") or len(part) > _LONGEST_PREFIX:
            return False
        if part[0].is_word("BEGIN"):
            return None if self._everywhere and len(part) < 3 else False
        return True if part[-1].is_word(*_ROUTINES) else None

    def _step(self, part: Sequence[Token]) -> int:
        last, before = part[-1], part[-2] if len(part) > 1 else END
        if not self._everywhere and self._depth == 0:
            # PostgreSQL's functions of standard SQL: BEGIN ATOMIC ... END.
            return 1 if last.is_word("ATOMIC") and before.is_word("BEGIN") else 0
        if before.is_word("END") and last.is_word("IF", "CASE", "WHILE", "LOOP", "REPEAT", "FOR"):
            return 0
        if last.is_word("END"):
            return -1
        if last.is_word("BEGIN", "CASE"):
            return 1
        begins = before.is_sign(";") or before.is_sign(":") or before.is_word(*_BEFORE_STATEMENT)
        return 1 if begins and last.is_word(*_OPENING) and self._everywhere else 0

    def _note_rule(self, part: Sequence[Token]) -> None:
        """CREATE RULE ... DO (one; two)."""
        last = part[-1]
        if len(part) <= _RULE_WITHIN:
            self._is_rule = self._is_rule or (
                part[0].is_word("CREATE") and len(part) > 1 and last.is_word("RULE")
            )
        if self._is_rule:
            self._parentheses += last.is_sign("(") - last.is_sign(")")
