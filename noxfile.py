"""The matrix of Python and Django versions, and the test of the built wheel."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|venv"
nox.options.sessions = ["lint", "wheel"]

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
# Every pair that Django supports; from 6.0 on it needs Python 3.12.
MATRIX = [
    ("3.11", "5.2"),
    ("3.12", "5.2"),
    ("3.12", "6.0"),
    ("3.12", "6.1"),
    ("3.13", "5.2"),
    ("3.13", "6.0"),
    ("3.13", "6.1"),
]


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group."""
    return nox.project.dependency_groups(PYPROJECT, name)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and the direction of imports."""
    session.install("--editable", ".[postgresql]", *group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


def add_tests_session(python: str, django: str) -> None:
    """Define the session `tests-<python>-<django>`."""

    @nox.session(name=f"tests-{python}-{django}", python=python)
    def tests(session: nox.Session) -> None:
        """Run the tests on one pair of Python and Django; arguments after `--` go to pytest."""
        session.install("--editable", ".[postgresql,mysql]", f"django~={django}.0", *group("test"))
        session.run("python", "-X", "dev", "-m", "pytest", *session.posargs)


for python_version, django_version in MATRIX:
    add_tests_session(python_version, django_version)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel and run the example project with it, where the checkout cannot be imported."""
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder / "dist", ignore_errors=True)
    session.install(*group("build"))
    session.run("python", "-m", "build", "--wheel", "--outdir", str(folder / "dist"), str(ROOT))
    (built,) = (folder / "dist").glob("*.whl")
    session.install(
        "--force-reinstall", f"django-safe-migrate[postgresql] @ {built.as_uri()}", *group("demo")
    )

    project = folder / "example_project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(
        ROOT / "example_project",
        project,
        ignore=shutil.ignore_patterns("__pycache__", "var", "*.sqlite3"),
    )
    session.chdir(project)
    session.run(
        "python",
        "-c",
        "import sys, django_safe_migrate as package; "
        "sys.exit(None if package.__file__.startswith(sys.prefix) else package.__file__)",
    )
    session.run("python", "demo.py", *session.posargs)
