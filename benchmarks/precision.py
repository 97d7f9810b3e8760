"""
What does `migrate_check` find in the whole history of real projects, as if each migration were pending on a large database?

Each project is installed into an environment of its own, and once more without its dependencies into a folder beside its settings: there
its migrations count as the developer's own, with the severities that its developers would have seen. Nobody asks a database; the server
is PostgreSQL 16. Printed are the counts by rule; every error is written to a file with the operation it is about, to be judged by hand.

Run `python -m benchmarks.precision --project wagtail`. The verdicts are in docs/precision.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tests.projects import CHECKOUT

FOLDER = Path(tempfile.gettempdir()) / "safe-migrate-precision"
#: How many lines of the migration are shown from where a finding is.
SHOWN_LINES = 12
#: The exit codes of a check that has come to its end: nothing blocks, and something does.
STATUSES = (0, 3)
#: What follows the settings of every project.
SETTINGS = """
SECRET_KEY = "precision"
USE_TZ = True
STATIC_URL = "/static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "never-asked"}}
INSTALLED_APPS = [*INSTALLED_APPS, "django_safe_migrate"]
SAFE_MIGRATE = {"TARGET_VERSION": "postgresql 16"}
"""


@dataclass(frozen=True, slots=True)
class RealProject:
    """
    A project of the registry.

    Attributes:
        requirement: the distribution, with its version.
        settings: a settings module up to INSTALLED_APPS; database and target are added.
        left_out: dependencies that migrations do not import, and that are not built everywhere.
    """

    requirement: str
    settings: str
    left_out: tuple[str, ...] = ()


PROJECTS = {
    "wagtail": RealProject(
        "wagtail==8.0",
        """
INSTALLED_APPS = [
    "wagtail.contrib.forms", "wagtail.contrib.redirects", "wagtail.contrib.settings", "wagtail.contrib.search_promotions",
    "wagtail.contrib.simple_translation", "wagtail.contrib.table_block", "wagtail.contrib.typed_table_block", "wagtail.embeds",
    "wagtail.sites", "wagtail.locales", "wagtail.users", "wagtail.snippets", "wagtail.documents", "wagtail.images", "wagtail.search",
    "wagtail.admin", "wagtail", "modelcluster", "taggit", "rest_framework", "django.contrib.admin", "django.contrib.auth",
    "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
    "django.contrib.postgres",
]
""",
    ),
    "django-oscar": RealProject(
        "django-oscar==4.2.1",
        """
import oscar
from oscar.defaults import *
INSTALLED_APPS = [*oscar.INSTALLED_APPS]
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
SITE_ID = 1
""",
    ),
    "weblate": RealProject(
        "weblate==2026.10.1",
        """
from weblate.settings_example import *
INSTALLED_APPS = [*INSTALLED_APPS, "weblate.billing", "weblate.legal"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
""",
        left_out=("borgbackup", "tesserocr"),
    ),
    "pretalx": RealProject("pretalx==2026.2.1", "from pretalx.settings import *"),
    "pretix": RealProject(
        "pretix==2026.8.0",
        """
import os
# pretix writes its logs there; without this, into the current directory.
os.environ["DATA_DIR"] = os.path.dirname(__file__)
from pretix.settings import *
""",
    ),
}


def main() -> None:
    """Check the projects that the command line names, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--project",
        action="append",
        choices=sorted(PROJECTS),
        help="only this one; may be repeated",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=FOLDER,
        help="where environments and results are kept (default: %(default)s)",
    )
    given = parser.parse_args()
    for name in given.project or PROJECTS:
        folder = (given.folder / name).resolve()
        report = checked(PROJECTS[name], folder)
        print(summary(PROJECTS[name].requirement, report))
        errors = folder / "errors.md"
        errors.write_text(listed(report, "error"), encoding="utf-8")
        (folder / "warnings.md").write_text(listed(report, "warning"), encoding="utf-8")
        print(f"Every error, to be judged: {errors}\n")


def checked(project: RealProject, folder: Path) -> dict[str, Any]:
    """Return what `migrate_check --format json` prints about all migrations of the project."""
    _install(project, folder)
    (folder / "precision_settings.py").write_text(project.settings + SETTINGS, encoding="utf-8")
    found = folder / "found.json"
    found.unlink(missing_ok=True)
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONHOME", "VIRTUAL_ENV"}
    }
    variables |= {
        "DJANGO_SETTINGS_MODULE": "precision_settings",
        "PYTHONPATH": os.pathsep.join(
            str(path) for path in (folder, folder / "own", folder / "tested")
        ),
    }
    _run(
        folder / "environment" / "bin" / "python", "-m", "django", "migrate_check", "--all", "--offline", "--skip-checks",
        "--format", "json", "--output", found, variables=variables, statuses=STATUSES,
    )  # fmt: skip
    report: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return report


def summary(title: str, report: Mapping[str, Any]) -> str:
    """Return the counts as tables of markdown."""
    findings = report["findings"]
    levels = Counter(one["severity"] for one in findings)
    rules = Counter((one["rule"], one["severity"]) for one in findings)
    rows = [
        f"| `{rule}` | {severity} | {count} |"
        for (rule, severity), count in sorted(rules.items(), key=_by_severity)
    ]
    head = f"{title}: {len(report['migrations'])} migrations, " + ", ".join(
        f"{levels[level]} {level}s" for level in ("error", "warning", "info")
    )
    return "\n".join([head, "", "| Rule | Severity | Findings |", "| --- | --- | --- |", *rows])


def listed(report: Mapping[str, Any], severity: str) -> str:
    """Return every finding of a severity with the lines of the migration that it is about, in markdown."""
    chosen = [one for one in report["findings"] if one["severity"] == severity]
    chosen.sort(key=lambda one: (one["rule"], one["migration"], one["line"]))
    return "\n\n".join(_listed(number, one) for number, one in enumerate(chosen, 1)) + "\n"


def _listed(number: int, finding: Mapping[str, Any]) -> str:
    title = f"## {number}. {finding['rule']}: {finding['migration']} {finding['operation']}"
    return "\n\n".join(
        [
            title,
            f"Tables: {', '.join(finding['tables'])}",
            finding["message"],
            finding["hint"],
            _lines(finding),
        ]
    )


def _install(project: RealProject, folder: Path) -> None:
    """Put the project itself beside the settings, and what it depends on into an environment; both are kept."""
    finished = folder / "finished"
    wanted = f"{project} {sys.version}"
    if finished.exists() and finished.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment, own = folder / "environment", folder / "own"
    _run(sys.executable, "-m", "venv", environment)
    _pip(environment, "--no-deps", "--target", own, project.requirement)
    _pip(environment, *_dependencies(project, own), *_own_dependencies())
    tested = folder / "tested"
    tested.mkdir()
    (tested / "django_safe_migrate").symlink_to(CHECKOUT / "django_safe_migrate")
    finished.write_text(wanted)


def _dependencies(project: RealProject, own: Path) -> list[str]:
    (installed,) = distributions(path=[str(own)])
    extras = Requirement(project.requirement).extras or {""}
    needed = [Requirement(text) for text in installed.requires or ()]
    return [
        str(one)
        for one in needed
        if one.name.lower() not in project.left_out
        and (one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras))
    ]


def _own_dependencies() -> tuple[str, ...]:
    described = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return (*described["dependencies"], *described["optional-dependencies"]["postgresql"])


def _pip(environment: Path, *arguments: str | Path) -> None:
    python = environment / "bin" / "python"
    if importlib.util.find_spec("uv"):
        _run(sys.executable, "-m", "uv", "pip", "install", "--python", python, *arguments)
    else:
        _run(python, "-m", "pip", "install", "--disable-pip-version-check", *arguments)


def _run(
    *command: str | Path,
    variables: Mapping[str, str] | None = None,
    statuses: Collection[int] = (0,),
) -> None:
    finished = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if finished.returncode not in statuses:
        words = " ".join(map(str, command))
        raise RuntimeError(
            f"{words} left with status {finished.returncode}. Its last words:\n{finished.stderr[-2000:]}"
        )


def _lines(finding: Mapping[str, Any]) -> str:
    path = Path(finding["file"])
    if not finding["line"] or not path.is_file():
        return f"{path}:{finding['line']}"
    lines = path.read_text(encoding="utf-8").splitlines()[finding["line"] - 1 :][:SHOWN_LINES]
    return "\n".join([f"{path}:{finding['line']}", "```python", *lines, "```"])


def _by_severity(counted: tuple[tuple[str, str], int]) -> tuple[int, int, str]:
    (rule, severity), count = counted
    return ["error", "warning", "info"].index(severity), -count, rule


if __name__ == "__main__":
    main()
