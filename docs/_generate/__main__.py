"""
Write the generated parts of the pages, so that they cannot drift from the code: ``python docs/_generate``.

With ``--check`` nothing is written; the exit status is 1 when a page is not what the code says.
"""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.conf import settings

DOCS = Path(__file__).resolve().parent.parent
# The package of this checkout, whichever is installed.
sys.path.insert(0, str(DOCS.parent))


def main() -> int:
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "dbbackup", "django_safe_migrate"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    )
    django.setup()
    # Both need Django to be set up.
    from pages import fill
    from parts import PARTS

    stale = []
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        filled = fill(text, PARTS)
        if filled == text:
            continue
        stale.append(page.name)
        if "--check" not in sys.argv:
            page.write_text(filled, encoding="utf-8")
    if not stale:
        return 0
    if "--check" in sys.argv:
        print(
            f"Not what the code says: {', '.join(stale)}. Run: python docs/_generate",
            file=sys.stderr,
        )
        return 1
    print(f"Written: {', '.join(stale)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
