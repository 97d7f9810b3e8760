from __future__ import annotations

import weakref

import pytest

from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.memory import give_back


class Held:
    """What a function keeps while it runs."""


def fail_with(error: Exception, held: list[weakref.ref[Held]]) -> Exception:
    """Return an error that a function raised which held something; the list gets a way to see whether it is still there."""

    def work() -> None:
        kept = Held()
        held.append(weakref.ref(kept))
        raise error

    try:
        work()
    except Exception as raised:
        return raised
    raise AssertionError


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_a_function_held_is_given_back_when_memory_was_refused(wrapped: bool) -> None:
    held: list[weakref.ref[Held]] = []
    error = fail_with(MemoryError(), held)
    if wrapped:
        outer = ValueError("a wrapper of the project's")
        outer.__cause__ = error
        error = outer
    assert held[0]() is not None
    give_back(error)
    assert held[0]() is None


def test_other_errors_keep_what_a_debugger_wants_to_see() -> None:
    held: list[weakref.ref[Held]] = []
    error = fail_with(ValueError("a mistake"), held)
    give_back(error)
    assert held[0]() is not None
    assert describe(error) == "ValueError: a mistake"


def test_a_memory_error_is_told_with_its_reason() -> None:
    assert describe(MemoryError()) == (
        "MemoryError: this process was refused more memory: the machine has none left, or a limit such as ulimit -v forbids it"
    )
    assert describe(MemoryError("no room for an array")) == "MemoryError: no room for an array"
