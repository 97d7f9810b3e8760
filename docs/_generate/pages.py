"""The marks in a page between which its generated parts stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

#: A part's name, and what may follow it for the function that makes the part.
_PART = re.compile(
    r"^<!-- generated: (?P<name>[\w-]+)(?: (?P<argument>[\w -]+))? -->\n.*?^<!-- end of the generated part -->$",
    re.MULTILINE | re.DOTALL,
)


def fill(text: str, parts: Mapping[str, Callable[..., str]]) -> str:
    """Return the page with each generated part made anew."""

    def make(match: re.Match[str]) -> str:
        arguments = [match["argument"]] if match["argument"] else []
        made = parts[match["name"]](*arguments).strip("\n")
        opening = " ".join([match["name"], *arguments])
        return f"<!-- generated: {opening} -->\n\n{made}\n\n<!-- end of the generated part -->"

    return _PART.sub(make, text)


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table of Markdown."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
