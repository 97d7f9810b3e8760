"""What makes a finding the same finding tomorrow, when lines have moved and messages are worded better."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

from django_safe_migrate.findings import Finding


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """
    Return a fingerprint for each finding: of its rule, migration, operation and tables, never of lines.

    Findings alike in all of these are told apart by their order. One about no migration and no operation has only its message.
    """
    seen: Counter[str] = Counter()
    found = []
    for finding in findings:
        key = _key(finding)
        seen[key] += 1
        text = key if seen[key] == 1 else f"{key}\0{seen[key]}"
        found.append(hashlib.sha256(text.encode()).hexdigest()[:32])
    return found


def _key(finding: Finding) -> str:
    parts = [finding.rule, finding.migration, finding.operation, *sorted(finding.tables)]
    if not finding.migration and not finding.operation:
        parts.append(finding.message)
    return "\0".join(parts)
