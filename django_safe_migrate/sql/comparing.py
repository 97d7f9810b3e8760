"""Whether models are as their migrations say, at a fraction of what Django's autodetector takes to find out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from django.db.migrations.autodetector import MigrationAutodetector

if TYPE_CHECKING:
    from django.db.migrations.state import ModelState, ProjectState

#: Values that are the same when they are equal. An object of a project may be equal to one that Django writes down in another way.
_PLAIN = (bool, int, float, str, bytes, type(None))


def are_equal(written: ProjectState, present: ProjectState) -> bool:
    """
    Return whether the autodetector would find nothing to write.

    True is certain. False is not: a difference that the autodetector passes over counts as one too, for it is asked then.

    Args:
        written: the state that all migrations add up to.
        present: the state of the models as they are.
    """
    detector = MigrationAutodetector(written, present)
    models = {
        key: model for key, model in present.models.items() if key[0] not in written.real_apps
    }
    known = dict(dict.items(written.models))
    return known.keys() == models.keys() and all(
        _is_same(known[key], model, detector) for key, model in models.items()
    )


def _is_same(one: ModelState, other: ModelState, detector: MigrationAutodetector) -> bool:
    return (
        one.name == other.name
        and _is_equal(_options(one), _options(other), detector)
        and one.bases == other.bases
        and one.managers == other.managers
        and one.fields.keys() == other.fields.keys()
        and all(_is_same_field(f, other.fields[name], detector) for name, f in one.fields.items())
    )


def _is_same_field(one: Any, other: Any, detector: MigrationAutodetector) -> bool:
    path, arguments, keywords = one.deconstruct()[1:]
    other_path, other_arguments, other_keywords = other.deconstruct()[1:]
    return (
        path == other_path
        and list(arguments) == list(other_arguments)
        and _is_equal(keywords, other_keywords, detector)
        and (not arguments or _is_equal({"": arguments}, {"": other_arguments}, detector))
    )


def _is_equal(one: dict[str, Any], other: dict[str, Any], detector: MigrationAutodetector) -> bool:
    if one != other:
        return False
    if all(map(_is_plain, one.values())):
        return True
    # A validator or a constraint, for instance, is equal to one of a subclass: the autodetector tells them apart.
    same: bool = detector.deep_deconstruct(one) == detector.deep_deconstruct(other)
    return same


def _is_plain(value: Any) -> bool:
    return type(value) in _PLAIN or (type(value) in (list, tuple, set) and not value)


def _options(model: ModelState) -> dict[str, Any]:
    """The options without one that no migration writes, and that is set when a base of the model is abstract."""
    options = copy.copy(model.options)
    options.pop("abstract", None)
    return options
