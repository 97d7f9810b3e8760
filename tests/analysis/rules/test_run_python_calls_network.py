from __future__ import annotations

import smtplib
import socket
import urllib.parse
import urllib.request
from functools import partial
from urllib.request import urlopen

import pytest
from django.core import mail
from django.core.mail import send_mail
from django.db import transaction
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_python_calls_network")
clean = partial(assert_clean, "run_python_calls_network")

MESSAGE = "RunPython of {} in shop.0002_change calls {}, so that it depends on {}, and a rollback does not take the call back."


def opened(apps, schema_editor):
    urllib.request.urlopen("https://example.com")  # noqa: S310


def opened_by_name(apps, schema_editor):
    for number in range(3):
        urlopen(f"https://example.com/{number}")  # noqa: S310


def mailed(apps, schema_editor):
    send_mail("Migrated", "", None, ["ada@example.com"])


def mailed_after_commit(apps, schema_editor):
    transaction.on_commit(lambda: mail.mail_admins("Migrated", ""))


def by_smtp(apps, schema_editor):
    with smtplib.SMTP("localhost") as server:
        server.noop()


def _connect():
    return socket.create_connection(("example.com", 80))


def in_another_function(apps, schema_editor):
    _connect()


def not_installed(apps, schema_editor):
    import requests

    requests.post("https://example.com", timeout=1)


def not_installed_session(apps, schema_editor):
    from boto3 import client

    client("s3").list_buckets()


POSITIVE = [
    (opened, "urllib.request.urlopen", "HTTP"),
    (opened_by_name, "urlopen", "HTTP"),
    (mailed, "send_mail", "mail"),
    (mailed_after_commit, "django.core.mail.mail_admins", "mail"),
    (by_smtp, "smtplib.SMTP", "mail"),
    (in_another_function, "socket.create_connection", "the network"),
    (not_installed, "requests.post", "HTTP"),
    (not_installed_session, "boto3.client", "the network"),
]


@pytest.mark.parametrize(("function", "what", "kind"), POSITIVE)
def test_outside(function, what, kind):
    [found] = finds([operations.RunPython(function)], MESSAGE.format(function.__name__, what, kind))
    assert found.severity.label == "warning"
    assert found.file == __file__
    assert found.hint == f"Call {what} from a management command that runs after the migration."


class _Task:
    """Looks like a task of Celery, whose tasks have a class of its package."""

    def delay(self, number):
        """Would queue it."""


_Task.__module__ = "celery.local"
task = _Task()


class _Own:
    def delay(self, number):
        """Not a task."""


own = _Own()


def queued(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        task.delay(order.pk)


def test_task_queue():
    finds([operations.RunPython(queued)], MESSAGE.format("queued", "task.delay", "a task queue"))


class Lazy:
    """An object that must not be touched."""

    def __getattribute__(self, name):
        raise AssertionError(f"{name} was read.")


lazy = Lazy()


def parsed(apps, schema_editor):
    print(urllib.parse.urlsplit("https://example.com").hostname)


def dictionary(apps, schema_editor):
    requests = {"x": 1}
    print(requests.get("x"), requests.pop("x"))


def field_named_like_it(apps, schema_editor):
    order = apps.get_model("shop", "Order").objects.first()
    order.requests.get("x")
    order.delay()


def method_of_the_project(apps, schema_editor):
    own.delay(1)


def lazy_object(apps, schema_editor):
    print(lazy)
    lazy.delay(1)


def other_things_of_the_modules(apps, schema_editor):
    print(socket.AF_INET, smtplib.SMTPException("x"), urllib.request.Request("https://x"))


def constant(apps, schema_editor):
    print("requests.get")


NEGATIVE = [
    parsed,
    dictionary,
    field_named_like_it,
    method_of_the_project,
    lazy_object,
    other_things_of_the_modules,
    constant,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_inside(function):
    clean([operations.RunPython(function)])


def test_direction():
    clean([operations.RunPython(operations.RunPython.noop, mailed)])
    finds(
        [operations.RunPython(operations.RunPython.noop, mailed)],
        MESSAGE.format("mailed", "send_mail", "mail"),
        backwards=True,
    )
