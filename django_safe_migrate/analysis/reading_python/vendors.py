"""Conditions on the vendor of the database: on which vendors a line of code is reached."""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Sequence
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class Vendors:
    """Some vendors: ``only`` these, any of them when it is None, but ``never`` those."""

    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()

    def has(self, vendor: str) -> bool:
        """Whether a vendor is one of them."""
        return (self.only is None or vendor in self.only) and vendor not in self.never

    def __and__(self, other: Vendors) -> Vendors:
        some = [one.only for one in (self, other) if one.only is not None]
        only = functools.reduce(frozenset.intersection, some) if some else None
        return Vendors(only, self.never | other.never)


ANY = Vendors()


@dataclasses.dataclass(frozen=True, slots=True)
class VendorTest:
    """What a condition says of the vendor where it ``holds``, and where it ``fails``."""

    holds: Vendors = ANY
    fails: Vendors = ANY

    def negated(self) -> VendorTest:
        """The condition with ``not`` before it."""
        return VendorTest(self.fails, self.holds)


def outcomes(value: Any) -> VendorTest:
    """Return what is known where a condition holds and where it fails: nothing, unless it is about the vendor."""
    return value if isinstance(value, VendorTest) else VendorTest()


def compared(operator: ast.cmpop, other: ast.expr, value: Any) -> VendorTest | None:
    """
    Return what comparing the vendor says, None where that is not known.

    Args:
        operator: with the vendor on its left; also on its right, where it makes no difference.
        other: what it is compared with.
        value: the same as a constant, None when it is none.
    """
    if isinstance(operator, ast.In | ast.NotIn):
        names = _names(other)
    else:
        names = frozenset([value]) if isinstance(value, str) else None
    if names is None:
        return None
    test = VendorTest(Vendors(only=names), Vendors(never=names))
    if isinstance(operator, ast.Eq | ast.In):
        return test
    return test.negated() if isinstance(operator, ast.NotEq | ast.NotIn) else None


def _names(node: ast.expr) -> frozenset[str] | None:
    parts = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else []
    found = [one.value for one in parts if isinstance(one, ast.Constant)]
    names = [name for name in found if isinstance(name, str)]
    return frozenset(names) if names and len(names) == len(parts) else None


def joined(operator: ast.boolop, values: Sequence[Any]) -> VendorTest | None:
    """Return what ``and`` or ``or`` of several conditions says of the vendor, None where that is nothing."""
    tests = [outcomes(value) for value in values]
    if not any(isinstance(value, VendorTest) for value in values):
        return None
    if isinstance(operator, ast.Or):
        other = joined(ast.And(), [test.negated() for test in tests])
        return None if other is None else other.negated()
    holds = functools.reduce(Vendors.__and__, (test.holds for test in tests))
    return VendorTest(holds, _any_of([test.fails for test in tests]))


def _any_of(some: Sequence[Vendors]) -> Vendors:
    """Vendors of which one of these says that it is possible; where that cannot be said in one, any."""
    if len(set(some)) == 1:
        return some[0]
    if all(one.only is not None and not one.never for one in some):
        return Vendors(frozenset().union(*(one.only or frozenset() for one in some)))
    if all(one.only is None for one in some):
        return Vendors(None, functools.reduce(frozenset.intersection, (one.never for one in some)))
    return ANY
