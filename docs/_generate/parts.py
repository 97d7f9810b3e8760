"""Every generated part, by the name that pages call it by."""

from __future__ import annotations

from command_parts import django_options, migrate_options, own_options
from event_parts import event_lines
from rule_parts import list_of_rules, other_findings, rules
from setting_parts import breaker_keys, keys, system_checks

PARTS = {
    "django-options": django_options,
    "event-lines": event_lines,
    "migrate-options": migrate_options,
    "own-options": own_options,
    "setting-keys": keys,
    "breaker-keys": breaker_keys,
    "list-of-rules": list_of_rules,
    "other-findings": other_findings,
    "rules": rules,
    "system-checks": system_checks,
}
