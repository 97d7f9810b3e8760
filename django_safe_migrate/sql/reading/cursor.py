"""Reading tokens from left to right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django_safe_migrate.sql.reading.syntax import Syntax
from django_safe_migrate.sql.reading.tokens import END, Kind, Token


class NotUnderstood(Exception):
    """A statement is not written as any reader expects; the text is the reason, as a sentence without its end."""


class Cursor:
    """A place in a row of tokens."""

    def __init__(self, tokens: Sequence[Token], syntax: Syntax) -> None:
        self.tokens = tokens
        self.syntax = syntax
        self.position = 0

    # --- looking ------------------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token:
        """The token at the place, or so many after it."""
        index = self.position + ahead
        return self.tokens[index] if 0 <= index < len(self.tokens) else END

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.position >= len(self.tokens)

    def at(self, *words: str) -> bool:
        """Whether these words follow."""
        return all(self.peek(index).is_word(word) for index, word in enumerate(words))

    def at_any(self, *words: str) -> bool:
        """Whether one of these words follows."""
        return self.peek().is_word(*words)

    def has(self, *words: str) -> bool:
        """Whether these words stand next to each other somewhere from here on, outside of parentheses."""
        return self.find(*words) >= 0

    def find(self, *words: str) -> int:
        """How far away these words are, outside of parentheses; -1 when they are not there."""
        depth = 0
        for index in range(self.position, len(self.tokens)):
            token = self.tokens[index]
            depth += token.is_sign("(") - token.is_sign(")")
            if depth <= 0 and token.is_word(words[0]):
                ahead = index - self.position
                if all(self.peek(ahead + n).is_word(word) for n, word in enumerate(words)):
                    return ahead
        return -1

    # --- moving -------------------------------------------------------------------------------------------------------------

    def next(self) -> Token:
        """Take a token, whatever it is."""
        token = self.peek()
        self.position += 1
        return token

    def take(self, *words: str) -> bool:
        """Take these words if they follow."""
        if not self.at(*words):
            return False
        self.position += len(words)
        return True

    def take_any(self, *words: str) -> str:
        """Take one of these words and return it; empty if none of them follows."""
        return self.next().value if self.at_any(*words) else ""

    def take_sign(self, sign: str) -> bool:
        """Take this sign if it follows."""
        if not self.peek().is_sign(sign):
            return False
        self.position += 1
        return True

    def expect(self, *words: str) -> None:
        """Take these words; raise ``NotUnderstood`` if they do not follow."""
        if not self.take(*words):
            raise NotUnderstood(f"{' '.join(words)} was expected {self._where()}")

    def if_exists(self) -> bool:
        """Take IF EXISTS or IF NOT EXISTS."""
        return self.take("IF", "EXISTS") or self.take("IF", "NOT", "EXISTS")

    def go_to(self, *words: str) -> bool:
        """Move to these words, outside of parentheses, and past them; stay when they are not there."""
        ahead = self.find(*words)
        if ahead < 0:
            return False
        self.position += ahead + len(words)
        return True

    # --- names --------------------------------------------------------------------------------------------------------------

    def identifier(self) -> str:
        """Take one name without dots; raise ``NotUnderstood`` if there is none."""
        token = self.next()
        if token.kind is Kind.WORD:
            return token.text.lower() if self.syntax.folds_names else token.text
        if token.kind in {Kind.NAME, Kind.STRING} and token.value:
            return token.value
        self.position -= 1
        raise NotUnderstood(f"a name was expected {self._where()}")

    def name(self) -> str:
        """Take a name with what it is qualified by; the default schema is left out."""
        parts = [self.identifier()]
        while self.take_sign("."):
            parts.append(self.identifier())
        if len(parts) > 1 and parts[0] == self.syntax.default_schema:
            del parts[0]
        return ".".join(parts)

    def names(self) -> tuple[str, ...]:
        """Take names with commas between them; ONLY and ``*`` of PostgreSQL are passed over."""
        found = [self._inheriting_name()]
        while self.take_sign(","):
            found.append(self._inheriting_name())
        return tuple(found)

    def _inheriting_name(self) -> str:
        self.take("ONLY")
        name = self.name()
        self.take_sign("*")
        return name

    # --- parts --------------------------------------------------------------------------------------------------------------

    def parenthesised(self) -> Cursor:
        """Take what stands in parentheses here; raise ``NotUnderstood`` if there are none."""
        if not self.take_sign("("):
            raise NotUnderstood(f"( was expected {self._where()}")
        start, depth = self.position, 1
        while depth and not self.is_done:
            token = self.next()
            depth += token.is_sign("(") - token.is_sign(")")
        end = self.position - 1 if depth == 0 else self.position
        return Cursor(self.tokens[start:end], self.syntax)

    def closes_at_the_end(self) -> bool:
        """Whether what stands in parentheses here is all that is left."""
        depth = 0
        for index in range(self.position, len(self.tokens)):
            depth += self.tokens[index].is_sign("(") - self.tokens[index].is_sign(")")
            if depth <= 0:
                return self.peek().is_sign("(") and index == len(self.tokens) - 1
        return False

    def rest(self) -> Cursor:
        """Take everything that is left."""
        cursor = Cursor(self.tokens[self.position :], self.syntax)
        self.position = len(self.tokens)
        return cursor

    def split_at(self, *words: str) -> tuple[Cursor, Cursor]:
        """Take everything that is left: what comes before these words, and what comes after them, nothing where they are not there."""
        ahead = self.find(*words)
        tokens = self.rest().tokens
        end = len(tokens) if ahead < 0 else ahead
        return (
            Cursor(tokens[:end], self.syntax),
            Cursor(tokens[end + len(words) :], self.syntax),
        )

    def by_commas(self) -> Iterator[Cursor]:
        """Take everything that is left, part by part."""
        start, depth = self.position, 0
        while not self.is_done:
            token = self.next()
            depth += token.is_sign("(") - token.is_sign(")")
            if depth <= 0 and token.is_sign(","):
                yield Cursor(self.tokens[start : self.position - 1], self.syntax)
                start = self.position
        if start < self.position:
            yield Cursor(self.tokens[start : self.position], self.syntax)

    def column_names(self) -> tuple[str, ...]:
        """Take columns in parentheses; what is computed from columns is left out."""
        found = []
        for part in self.parenthesised().by_commas():
            if part.peek().kind not in {Kind.WORD, Kind.NAME, Kind.STRING}:
                continue
            name = part.identifier()
            # A number in parentheses is how much of a column MySQL puts into the index.
            if not part.peek().is_sign("(") or part.peek(1).kind is Kind.NUMBER:
                found.append(name)
        return tuple(found)

    def _where(self) -> str:
        return "at the end" if self.is_done else f"at {self.peek().text[:40]}"
