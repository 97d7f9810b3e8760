"""A rule as a project writes it, and a router that lets nothing migrate."""

from __future__ import annotations

from django.db.migrations.operations import CreateModel

from django_safe_migrate.analysis import Rule
from django_safe_migrate.findings import Severity

rule = Rule("tests.analysis.shouting", severity=Severity.WARNING, about_rows=False)


@rule.operation(CreateModel)
def check(operation, context):
    if operation.name.isupper():
        yield rule.finding(
            context, f"Model {operation.name} of {context.app_label} is loud.", hint="Whisper."
        )


class NotHere:
    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return False
