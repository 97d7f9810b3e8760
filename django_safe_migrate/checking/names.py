"""The names of the findings that are about the migrations of a project as a whole, each with its severity and meaning."""

from __future__ import annotations

from django_safe_migrate.findings import Severity

#: By name: how much it matters unless the settings say otherwise, and what it means.
PROJECT_RULES: dict[str, tuple[Severity, str]] = {
    "baseline_unused": (
        Severity.INFO,
        "The baseline has an entry for a finding that is not made any more.",
    ),
    "circular_dependency": (Severity.ERROR, "Migrations depend on each other in a circle."),
    "conflicting_migrations": (Severity.ERROR, "An app has more than one leaf migration."),
    "edited_after_applied": (
        Severity.WARNING,
        "The file of a migration does something else than what was applied.",
    ),
    "ghost_migration": (
        Severity.WARNING,
        "A migration is recorded as applied, and its file is gone.",
    ),
    "inconsistent_history": (
        Severity.ERROR,
        "A migration is recorded as applied before one that it depends on.",
    ),
    "max_migration_outdated": (
        Severity.ERROR,
        "A max_migration.txt of django-linear-migrations names another migration than the leaf of its app.",
    ),
    "missing_dependency": (
        Severity.ERROR,
        "A migration depends on one that does not exist.",
    ),
    "missing_migration": (
        Severity.ERROR,
        "Models have changes that no migration makes.",
    ),
    "partly_applied_squash": (
        Severity.WARNING,
        "Only some of the migrations that a squashed one replaces are applied, so it cannot take their place.",
    ),
    "recorded_out_of_order": (
        Severity.WARNING,
        "Migrations were recorded in another order than their files depend on each other.",
    ),
    "replaced_migrations": (
        Severity.INFO,
        "Migrations that a squashed one has replaced here still have their files.",
    ),
}

RULES = frozenset(PROJECT_RULES)
#: Those that only a database can tell of; the others are read from the files.
NEED_DATABASE = frozenset(
    {
        "edited_after_applied",
        "ghost_migration",
        "inconsistent_history",
        "partly_applied_squash",
        "recorded_out_of_order",
        "replaced_migrations",
    }
)


def severity_of(name: str) -> Severity:
    """Return how much a finding of this name matters, unless the settings say otherwise."""
    return PROJECT_RULES[name][0]
