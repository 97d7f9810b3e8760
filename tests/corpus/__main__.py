"""``python -m tests.corpus [id ...]``: print the summary, and every disagreement; exit with 1 when there is one."""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings.sqlite")
django.setup()

from tests.corpus.judge import all_entries, cases, judge, summary  # noqa: E402


def main(wanted: list[str]) -> int:
    """Print verdicts about the entries with these ids, all without any, and return the exit status."""
    chosen = [one for one in all_entries() if not wanted or one.id in wanted]
    unknown = set(wanted) - {one.id for one in chosen}
    if unknown:
        print(f"No such entry: {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    verdicts = [judge(one, vendor) for one, vendor in cases(chosen)]
    wrong = [one for one in verdicts if not one.is_right]
    for verdict in wrong:
        print(verdict)
    print(summary(verdicts))
    return 1 if wrong else 0


sys.exit(main(sys.argv[1:]))
