"""The progress bar of a run as some lines that are drawn again and again: in the terminal that migrates, and in those that watch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.reports.console import printable
from django_safe_migrate.reports.progress import RunProgress

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live
    from rich.text import Text

#: The bar has at most so many columns, and is left out when there is room for fewer than the least.
MOST_COLUMNS = 30
LEAST_COLUMNS = 10
#: How often it is drawn again in a second.
FRAMES = 8
_BLOCKED = "yellow"


class Bar:
    """Draws what a function tells each time it is drawn; give it to ``rich.live.Live``."""

    def __init__(self, tell: Callable[[], RunProgress]) -> None:
        from rich.spinner import Spinner

        self._tell = tell
        self._spinners = {True: Spinner("line"), False: Spinner("dots")}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, each cut to the width of the terminal."""
        progress = self._tell()
        is_ascii = not options.encoding.startswith("utf")
        for line in self._lines(progress, console, options.max_width, is_ascii):
            line.truncate(options.max_width, overflow="crop" if is_ascii else "ellipsis")
            line.no_wrap = True
            yield line

    def _lines(
        self, progress: RunProgress, console: Console, width: int, is_ascii: bool
    ) -> Iterator[Text]:
        from rich.text import Text

        head = Text()
        head.append_text(self._spin(console, is_ascii))
        figures = _figures(progress)
        room = width - len(figures) - 3
        if progress.share is not None and room >= LEAST_COLUMNS:
            head.append(" ")
            head.append_text(_bar(progress.share, min(room, MOST_COLUMNS), is_ascii))
        head.append(f" {figures}")
        yield head
        for style, line in _details(progress):
            yield Text(f"  {printable(line)}", style=style)

    def _spin(self, console: Console, is_ascii: bool) -> Text:
        from rich.text import Text

        frame = self._spinners[is_ascii].render(console.get_time())
        return frame if isinstance(frame, Text) else Text(str(frame))


def _bar(share: float, columns: int, is_ascii: bool) -> Text:
    from rich.text import Text

    done = int(share * columns)
    full, empty = ("#", "-") if is_ascii else ("━", "─")
    return Text.assemble((full * done, "green"), (empty * (columns - done), "dim"))


def live_bar(console: Console, tell: Callable[[], RunProgress]) -> Live:
    """Return the bar ready to be started; it goes away when it is stopped."""
    from rich.live import Live

    return Live(
        Bar(tell),
        console=console,
        refresh_per_second=FRAMES,
        transient=True,
        vertical_overflow="crop",
    )


def _figures(progress: RunProgress) -> str:
    parts = []
    if progress.share is not None:
        parts = [f"{progress.done} of {progress.planned}"]
        if progress.left_seconds is not None:
            parts.insert(0, f"{progress.share:.0%}")
    parts.append(clock(progress.seconds))
    if progress.left:
        parts.append(progress.left)
    return "  ".join(parts)


def _details(progress: RunProgress) -> Iterator[tuple[str, str]]:
    if progress.migration:
        yield "bold", progress.migration
    if progress.operation or progress.again:
        again = f" ({progress.again})" if progress.again else ""
        yield "", f"{progress.operation}{again}"
    for style, line in (
        (_BLOCKED, progress.held),
        ("", progress.statement),
        (_BLOCKED, progress.waiting),
        (_BLOCKED, progress.blocked),
    ):
        if line:
            yield style, line


def clock(seconds: float) -> str:
    """Return ``1:05`` or ``2:03:04``: a clock that goes on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
