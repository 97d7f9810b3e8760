"""Every generated part, by the name that pages call it by."""

from __future__ import annotations

from command_parts import django_options, migrate_options, own_options
from rule_parts import list_of_rules, other_findings, rules
from setting_parts import keys, system_checks

PARTS = {
    "django-options": django_options,
    "migrate-options": migrate_options,
    "own-options": own_options,
    "setting-keys": keys,
    "list-of-rules": list_of_rules,
    "other-findings": other_findings,
    "rules": rules,
    "system-checks": system_checks,
}
