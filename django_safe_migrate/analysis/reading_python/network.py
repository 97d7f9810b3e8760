"""What reaches out of the database: HTTP, mail, task queues, sockets; by the name that is called."""

from __future__ import annotations

from django_safe_migrate.analysis.reading_python.values import Thing

HTTP, MAIL, QUEUE, SERVICE = "HTTP", "mail", "a task queue", "the network"

_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
_CALLED = {
    "requests": (HTTP, _VERBS | {"Session", "session"}),
    "httpx": (HTTP, _VERBS | {"stream", "Client", "AsyncClient"}),
    "aiohttp": (HTTP, {"ClientSession", "request"}),
    "urllib.request": (HTTP, {"urlopen", "urlretrieve"}),
    "urllib3": (HTTP, {"PoolManager", "request"}),
    "http.client": (HTTP, {"HTTPConnection", "HTTPSConnection"}),
    "smtplib": (MAIL, {"SMTP", "SMTP_SSL"}),
    "django.core.mail": (
        MAIL,
        {"send_mail", "send_mass_mail", "mail_admins", "mail_managers", "get_connection"},
    ),
    "boto3": (SERVICE, {"client", "resource"}),
    "ftplib": (SERVICE, {"FTP", "FTP_TLS"}),
    "paramiko": (SERVICE, {"SSHClient", "Transport"}),
    "socket": (SERVICE, {"socket", "create_connection", "gethostbyname", "getaddrinfo"}),
    "django_rq": (QUEUE, {"enqueue"}),
    "django_q.tasks": (QUEUE, {"async_task", "async_iter", "schedule"}),
}
_TASKS = {
    "celery": {"delay", "apply_async", "send_task"},
    "dramatiq": {"send", "send_with_options"},
    "huey": {"schedule", "enqueue"},
    "django": {"enqueue", "aenqueue"},  # django.tasks
}


def called(thing: Thing) -> str:
    """Return what kind of outside thing is reached by calling this name; empty for none."""
    for dotted in filter(None, (thing.dotted, thing.origin)):
        module, _, name = dotted.rpartition(".")
        for known, (kind, names) in _CALLED.items():
            # requests.get is defined in requests.api.
            if name in names and (module == known or module == f"{known}.api"):
                return kind
    return ""


def task_called(thing: Thing, method: str) -> str:
    """Return ``a task queue`` when a method of this object puts a task into one."""
    kind = type(thing.real)
    module = str(kind.__module__)
    if module.startswith("django.") and not module.startswith("django.tasks"):
        return ""
    return QUEUE if method in _TASKS.get(module.partition(".")[0], ()) else ""
