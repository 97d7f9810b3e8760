"""The preview of a run (``--dry-run``) as text, markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.reports import estimates, units
from django_safe_migrate.reports import forecast as forecasts
from django_safe_migrate.reports.console import printable

if TYPE_CHECKING:
    from django_safe_migrate.findings import Finding
    from django_safe_migrate.preview import Preview, PreviewOperation, PreviewStep

_WAY_BACK = {
    "lossless": "Way back: lossless.",
    "lossy": "Way back: possible, with loss.",
    "impossible": "Way back: impossible; only a restored backup brings it back.",
}
#: The same of a step that goes back itself.
_GOING_BACK = {
    "lossless": "Going back here loses nothing.",
    "lossy": "Going back here loses data.",
    "impossible": "Going back here is impossible; only a restored backup brings back what was before.",
}


def render_preview(preview: Preview, output: str) -> str:
    """Return the preview in the format text, markdown or json."""
    if output == "json":
        return json.dumps(preview.to_json(), indent=2, ensure_ascii=False) + "\n"
    lines = _markdown(preview) if output == "markdown" else _text(preview)
    return "\n".join(lines) + "\n"


def _text(preview: Preview) -> Iterator[str]:
    yield f"Dry run of {preview.kind} on {preview.database} ({preview.server}). Nothing is touched."
    if not preview.steps:
        yield "  Nothing to do: every planned migration is in its place."
        return
    yield ""
    yield f"Plan: {units.number(len(preview.steps), 'migration')}"
    for step in preview.steps:
        yield from _text_step(step)
    if longest := _longest(preview):
        yield from ("", longest)
    if preview.skipped:
        yield from ("", "Not undone by --force:", *(f"  {line}" for line in preview.skipped))
    yield ""
    yield f"Findings: {_summary(preview.findings)}"
    for finding in preview.findings:
        yield from _text_finding(finding)
    yield ""
    yield f"Backup: {_backup(preview)}"
    if preview.rehearsal:
        yield f"Rehearsal: {preview.rehearsal}"


def _text_step(step: PreviewStep) -> Iterator[str]:
    verb = "Unapply" if step.direction == "backwards" else "Apply"
    yield f"  {verb} {step.label}" + ("" if step.atomic else "   (not atomic)")
    for operation in step.operations:
        yield f"    - {operation.description}{_confidence(operation)}"
        for statement in operation.statements:
            yield from (f"        {line}" for line in statement.splitlines())
    yield from (f"    {line}" for line in _forecast(step))
    if _needs_prospect(step):
        yield f"    {_prospect(step)}"
        yield from (f"      cannot be undone: {what}" for what in step.irreversible)
        yield from (f"      loses: {what}" for what in step.lossy)
    yield from (f"    {what}" for what in step.kept)


def _text_finding(finding: Finding) -> Iterator[str]:
    allowed = " (allowed)" if finding.allowed else ""
    where = f" {finding.migration}" if finding.migration else ""
    yield f"  {finding.severity.label.upper():7} {finding.rule}{where}{allowed}"
    yield from (f"          {line}" for line in estimates.message(finding).splitlines())
    if finding.hint:
        first, *rest = finding.hint.splitlines()
        yield f"          Hint: {first}"
        yield from (f"                {line}" for line in rest)


def _markdown(preview: Preview) -> Iterator[str]:
    yield f"# Dry run of {preview.kind} on `{preview.database}` ({preview.server})"
    yield ""
    if not preview.steps:
        yield "Nothing to do."
        return
    yield "## Plan"
    for step in preview.steps:
        yield from ("", f"### `{step.label}` {step.direction}", "")
        for operation in step.operations:
            yield f"* {operation.description}{_confidence(operation)}"
            if operation.statements:
                yield from (
                    "",
                    "  ```sql",
                    *(f"  {line}" for s in operation.statements for line in s.splitlines()),
                    "  ```",
                    "",
                )
        yield ""
        yield from (f"* {line}" for line in _forecast(step))
        if _needs_prospect(step):
            yield from ("", _prospect(step))
            yield from (f"* cannot be undone: {what}" for what in step.irreversible)
            yield from (f"* loses: {what}" for what in step.lossy)
        yield from (f"* {what}" for what in step.kept)
    if longest := _longest(preview):
        yield from ("", longest)
    if preview.skipped:
        yield from ("", "## Not undone by --force", "")
        yield from (f"* {line}" for line in preview.skipped)
    yield from ("", "## Findings", "", _summary(preview.findings), "")
    for finding in preview.findings:
        yield from _markdown_finding(finding)
    yield from ("", "## Backup", "", _backup(preview))
    if preview.rehearsal:
        yield from ("", "## Rehearsal", "", preview.rehearsal)


def _markdown_finding(finding: Finding) -> Iterator[str]:
    yield f"* **{finding.severity.label}** `{finding.rule}` {finding.migration}: {estimates.message(finding)}"
    if finding.hint:
        hint = (f"  {line}" for line in finding.hint.splitlines())
        yield from ("", "  ```text", *hint, "  ```", "")


def _forecast(step: PreviewStep) -> Iterator[str]:
    if step.forecast is not None or step.left_out:
        yield from map(printable, forecasts.lines(step.forecast))


def _needs_prospect(step: PreviewStep) -> bool:
    """Whether the forecast does not say already, and in full, what going back cannot do and what it loses."""
    is_told = step.forecast is not None and step.forecast.going_back is not None
    return not is_told or max(len(step.irreversible), len(step.lossy)) > forecasts.TABLES


def _longest(preview: Preview) -> str:
    told = (step.forecast for step in preview.steps)
    return forecasts.longest_line(one for one in told if one is not None)


def _prospect(step: PreviewStep) -> str:
    told = _GOING_BACK if step.direction == "backwards" else _WAY_BACK
    return told[step.way_back]


def _confidence(operation: PreviewOperation) -> str:
    if operation.confidence == "exact":
        return ""
    return f"  [SQL {operation.confidence}: {operation.reason}]"


def _summary(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return "none."
    blocking = sum(finding.is_blocking for finding in findings)
    return f"{len(findings)}, of which {blocking} would stop the run."


def _backup(preview: Preview) -> str:
    size = f" About {units.size(preview.backup_bytes)} to read." if preview.backup_bytes else ""
    return preview.backup + size
