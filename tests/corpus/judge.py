"""Compare what the analysis finds with the truth of the corpus, offline, and print it as a table."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping

from django.db.migrations import Migration
from django.db.migrations.graph import MigrationGraph
from django.test import override_settings

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from django_safe_migrate.findings import Finding, Severity
from tests.analysis.lint import migration, plan_of, vendor
from tests.corpus import entries
from tests.corpus.entry import VENDORS, Entry, Truth
from tests.corpus.rule_hazards import RULE_HAZARDS
from tests.corpus.shop import applied, state_before

#: The version that is said to be running, since nobody can be asked.
TARGET_VERSIONS = {"postgresql": "16", "mariadb": "mariadb 10.11", "mysql": "mysql 8.4"}
#: Django's name of the vendor, where it is another.
_DJANGO_VENDORS = {"mariadb": "mysql"}


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """One entry on one vendor: which codes nobody told (with the level expected), and what was told without need."""

    entry: Entry
    vendor: str
    missing: Mapping[str, str]
    too_low: Mapping[str, str]
    extra: tuple[Finding, ...]

    @property
    def truth(self) -> Truth:
        """The truth it was compared with."""
        return self.entry.truth[self.vendor]

    @property
    def is_right(self) -> bool:
        """Whether the analysis said what it should, and nothing else."""
        return not (self.missing or self.too_low or self.extra)

    def __str__(self) -> str:
        lines = [f"{self.entry.id} on {self.vendor} ({self.truth.because})"]
        lines += [f"  missing {codes} ({level})" for codes, level in self.missing.items()]
        lines += [f"  too low {codes} ({level} expected)" for codes, level in self.too_low.items()]
        lines += [
            f"  extra {one.severity.label} {one.rule} "
            f"[{', '.join(sorted(RULE_HAZARDS.get(one.rule, ()))) or 'no codes'}]: {one.message}"
            for one in self.extra
        ]
        return "\n".join(lines)


def all_entries() -> tuple[Entry, ...]:
    """Return the entries of every module of `tests.corpus.entries`."""
    names = sorted(module.name for module in pkgutil.iter_modules(entries.__path__))
    modules = [importlib.import_module(f"{entries.__name__}.{name}") for name in names]
    return tuple(one for module in modules for one in module.ENTRIES)


def cases(corpus: Iterable[Entry]) -> Iterator[tuple[Entry, str]]:
    """Yield every entry with every vendor that it has a truth for."""
    for one in corpus:
        for name in VENDORS:
            if name in one.truth:
                yield one, name


def found_on(entry: Entry, vendor_name: str) -> list[Finding]:
    """Return what the analysis finds in an entry on a vendor that nobody has connected to."""
    before = [migration(made, name, app) for (app, name), made in applied(entry.before)]
    pending = _pending(entry)
    with vendor(_DJANGO_VENDORS.get(vendor_name, vendor_name)):
        return analyse(
            plan_of(*pending, backwards=entry.backwards),
            None,
            state_before(entry.before),
            _settings(vendor_name),
            app_is_third_party=lambda planned: False,
            graph=_graph([*before, *pending]),
        )


def _pending(entry: Entry) -> list[Migration]:
    """The pending migrations: each depends on the one of its app before it, as `makemigrations` writes them."""
    made: list[Migration] = []
    latest = {"shop": [("shop", "0002_before")] if entry.before else []}
    for number, one in enumerate(entry.migrations, start=3):
        known = [] if one.is_branch else latest.get(one.app_label, [])
        name = f"{number:04}_{one.name}"
        made.append(
            migration(
                one.operations,
                name,
                one.app_label,
                atomic=one.atomic,
                dependencies=[*one.dependencies, *known],
            )
        )
        latest[one.app_label] = [(one.app_label, name)]
    return made


def _graph(migrations: Iterable[Migration]) -> MigrationGraph:
    """The graph that the loader would make if these migrations were on disk."""
    graph = MigrationGraph()
    for one in migrations:
        graph.add_node((one.app_label, one.name), one)
    for one in list(graph.nodes.values()):
        for dependency in one.dependencies:
            graph.add_dependency(one, (one.app_label, one.name), dependency)
    return graph


def judge(entry: Entry, vendor_name: str, found: Iterable[Finding] | None = None) -> Verdict:
    """Compare findings, those of the analysis unless given, with the truth."""
    told = found_on(entry, vendor_name) if found is None else list(found)
    truth = entry.truth[vendor_name]
    missing, too_low = {}, {}
    for codes, level in truth.required.items():
        highest = max((one.severity for one in told if _stands_for(one, codes)), default=0)
        # What is only noted at info level has been missed by everyone who reads warnings and errors.
        noted = Severity.INFO if level == "info" else Severity.WARNING
        if highest < noted:
            missing[codes] = level
        elif highest < Severity.from_label(level):
            too_low[codes] = level
    extra = tuple(
        one
        for one in told
        if one.severity >= Severity.WARNING
        and not RULE_HAZARDS.get(one.rule, frozenset()) & truth.acceptable
    )
    return Verdict(entry, vendor_name, missing, too_low, extra)


def summary(verdicts: Iterable[Verdict]) -> str:
    """Return the table: per vendor, the hazards told at their level or below it, and the entries with a false alarm."""
    every = list(verdicts)
    lines = [
        f"{'vendor':<12}{'entries':>8}{'clean':>7}{'hazards':>9}{'told':>6}{'recall':>8}{'too low':>9}"
        f"{'false alarms':>14}{'right':>7}"
    ]
    for name in (*VENDORS, "all"):
        lines.append(_row(name, [one for one in every if name in (one.vendor, "all")]))
    return "\n".join(lines)


def _row(name: str, verdicts: list[Verdict]) -> str:
    hazards = sum(len(one.truth.required) for one in verdicts)
    told = hazards - sum(len(one.missing) for one in verdicts)
    too_low = sum(len(one.too_low) for one in verdicts)
    recall = f"{told / hazards:.1%}" if hazards else "-"
    clean = sum(one.truth.is_clean for one in verdicts)
    alarms = sum(len(one.extra) for one in verdicts)
    right = sum(one.is_right for one in verdicts)
    return (
        f"{name:<12}{len(verdicts):>8}{clean:>7}{hazards:>9}{told:>6}{recall:>8}{too_low:>9}"
        f"{alarms:>14}{right:>7}"
    )


def _stands_for(finding: Finding, codes: str) -> bool:
    return bool(RULE_HAZARDS.get(finding.rule, frozenset()) & set(codes.split("|")))


#: Matters of style, which look only where the settings give them a severity.
_STYLE = ("automatic_name", "run_python_argument_names", "unique_together_used")


def _settings(vendor_name: str) -> conf.Settings:
    keys: dict[str, object] = {"RULES": dict.fromkeys(_STYLE, "info")}
    if vendor_name in TARGET_VERSIONS:
        keys["TARGET_VERSION"] = TARGET_VERSIONS[vendor_name]
    with override_settings(SAFE_MIGRATE=keys):
        return conf.load()
