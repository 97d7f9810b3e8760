"""Numbers as people read them: one function for each kind, used by every report."""

from __future__ import annotations

_BYTES = ("bytes", "kB", "MB", "GB", "TB", "PB")


def duration(seconds: float | None) -> str:
    """Return ``0.12 s``, ``3 min 05 s`` or ``2 h 10 min``; below a millisecond ``<0.001 s``, unknown is empty."""
    if seconds is None:
        return ""
    if seconds < 0.001:
        return "<0.001 s" if seconds > 0 else "0 s"
    if seconds < 0.1:
        return f"{seconds:.3f} s"
    if seconds < 59.995:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def short(seconds: float) -> str:
    """Return ``350 µs`` or ``2.10 ms``, for what usually takes less than a second."""
    return f"{seconds * 1e6:.0f} µs" if seconds < 0.001 else f"{seconds * 1000:.2f} ms"


def size(count: int | None) -> str:
    """Return ``512 bytes`` or ``1.5 MB``, in powers of 1000; unknown is empty."""
    if count is None:
        return ""
    if count < 1000:
        return number(count, "byte")
    value = float(count)
    for unit in _BYTES:
        if value < 999.5 or unit == _BYTES[-1]:
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"
        value /= 1000
    raise AssertionError("The last unit takes every size.")


def number(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun: ``1 statement``, ``12,000 rows``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(names: tuple[str, ...] | list[str], limit: int = 6) -> str:
    """Return names in a row, and how many more there are when they are many."""
    shown = ", ".join(names[:limit])
    return (
        f"{shown} and {number(len(names) - limit, 'more', 'more')}" if len(names) > limit else shown
    )
