"""The migrations of a project in an order in which they can be applied; of an app with several leaves, each branch by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader

Key = tuple[str, str]


def histories(loader: MigrationLoader) -> list[list[Key]]:
    """
    Return every node of the graph in the order of application.

    That is one list, unless an app has several leaves: they may not even fit together, so there is a list for each of them.
    """
    conflicts = {app: sorted(names) for app, names in loader.detect_conflicts().items()}
    if not conflicts:
        return [_order(loader, loader.graph.leaf_nodes())]
    found = []
    for turn in range(max(map(len, conflicts.values()))):
        chosen = {(app, names[min(turn, len(names) - 1)]) for app, names in conflicts.items()}
        found.append(_order(loader, _leaves_with(loader, chosen, conflicts)))
    return found


def own_branch(loader: MigrationLoader, leaf: Key) -> list[Key]:
    """Return a migration and those of its app that it builds on, in order."""
    return [key for key in loader.graph.forwards_plan(leaf) if key[0] == leaf[0]]


def _leaves_with(
    loader: MigrationLoader, chosen: set[Key], conflicts: dict[str, list[str]]
) -> list[Key]:
    """The leaves that go together with the chosen branches."""
    ours = {key for leaf in chosen for key in own_branch(loader, leaf)}
    foreign = {
        key
        for app, names in conflicts.items()
        for name in names
        for key in own_branch(loader, (app, name))
    } - ours
    leaves = []
    for leaf in loader.graph.leaf_nodes():
        if leaf[0] in conflicts and leaf not in chosen:
            continue
        if not foreign.intersection(loader.graph.forwards_plan(leaf)):
            leaves.append(leaf)
    return leaves


def _order(loader: MigrationLoader, leaves: list[Key]) -> list[Key]:
    order: dict[Key, None] = {}
    for leaf in leaves:
        order.update(dict.fromkeys(loader.graph.forwards_plan(leaf)))
    return list(order)
