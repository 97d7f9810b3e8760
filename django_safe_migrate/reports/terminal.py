"""What can be done where we print: colours, a moving progress bar, or plain lines only."""

from __future__ import annotations

import dataclasses
import os
import shutil
from typing import TYPE_CHECKING, Any, TextIO, cast

from django.core.management.base import OutputWrapper

if TYPE_CHECKING:
    from rich.console import Console


class Unwrapped:
    """A command's output without the newline that Django adds to each text: rich writes its own, and moves the cursor."""

    def __init__(self, wrapper: OutputWrapper) -> None:
        self._wrapper = wrapper

    def write(self, text: str) -> int:
        """Write the text as it is."""
        self._wrapper.write(text, lambda plain: plain, ending="")
        return len(text)

    def flush(self) -> None:
        """Flush what the wrapper writes to."""
        self._wrapper.flush()

    def isatty(self) -> bool:
        """Whether the wrapper writes to a terminal."""
        return bool(self._wrapper.isatty())


@dataclasses.dataclass(frozen=True, slots=True)
class Terminal:
    """
    A place to print to.

    ``moves`` says whether lines can be drawn again, as a progress bar does; ``is_colored`` whether colours are wanted and shown.
    """

    stream: Any
    moves: bool
    is_colored: bool

    def console(self, file: TextIO | None = None) -> Console:
        """Return a console of rich that writes here, or to a file as if it were here."""
        from rich.console import Console

        return Console(
            file=file or cast(TextIO, self.stream),
            force_terminal=self.moves or self.is_colored,
            no_color=not self.is_colored,
            color_system="auto" if self.moves else "standard" if self.is_colored else None,
            width=None
            if self.moves and file is None
            else shutil.get_terminal_size((100, 24)).columns,
            highlight=False,
            soft_wrap=not self.moves and file is None,
        )


def terminal(stdout: Any, *, force_color: bool, no_color: bool) -> Terminal:
    """
    Return what can be done with a stream.

    ``no_color`` and ``NO_COLOR`` take colours away, ``force_color`` gives them where there is no terminal; it moves no cursor there.
    """
    stream = Unwrapped(stdout) if isinstance(stdout, OutputWrapper) else stdout
    is_terminal = bool(stream is not None and stream.isatty()) and os.environ.get("TERM") != "dumb"
    refused = no_color or bool(os.environ.get("NO_COLOR"))
    return Terminal(
        stream, moves=is_terminal, is_colored=not refused and (is_terminal or force_color)
    )
