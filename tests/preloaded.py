"""
A Python that has imported Django and this package already, and becomes `manage.py` again and again, a process each time.

Importing is most of what a short command costs, and the tests run thousands of them. Started by `tests/forking.py` with the number of a
socket; each message there asks for one process, and closing the socket ends this one.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
import time
from typing import Any

#: What commands import besides this package; models are not among it, for there are no settings yet.
LIBRARIES = (
    "django.conf.urls", "django.contrib.contenttypes.management", "django.contrib.messages", "django.core.management",
    "django.core.management.commands.makemigrations", "django.core.management.commands.migrate", "django.db.migrations.autodetector",
    "django.db.migrations.executor", "django.db.migrations.questioner", "django.db.migrations.writer", "django.forms", "django.template",
    "django.template.loader", "django.urls", "django.views.generic", "rich.console", "rich.live", "rich.progress", "rich.table", "sqlglot",
)  # fmt: skip
BACKENDS = ("sqlite3", "postgresql", "mysql")
#: Importing it registers system checks, which a project without this package does not have.
REGISTERING = "django_safe_migrate.checks"
LARGEST_MESSAGE = 1 << 20


def main() -> None:
    """Serve until the socket is closed; in the child that becomes `manage.py`, return from it when that has ended."""
    control = socket.socket(fileno=int(sys.argv[1]))
    own_path = [entry for entry in sys.path[1:] if entry != os.environ.get("PYTHONPATH")]
    _preload()
    # What is there now is shared with every child, and never collected there.
    gc.collect()
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, LARGEST_MESSAGE, 4)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _serve(json.loads(message), descriptors, own_path)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        _reap()


def _preload() -> None:
    import django_safe_migrate

    backends = [
        f"django.db.backends.{name}.{part}"
        for name in BACKENDS
        for part in ("base", "schema", "features")
    ]
    package = pkgutil.walk_packages(
        django_safe_migrate.__path__, "django_safe_migrate.", lambda name: None
    )
    own = (module.name for module in package if module.name != REGISTERING)
    for name in (*LIBRARIES, *backends, *own):
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001, S112 - whatever needs settings, or is not installed, is imported when it is used
            continue


def _reap() -> None:
    """Let processes that have ended go."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            continue
    except ChildProcessError:
        return


def _serve(request: dict[str, Any], descriptors: list[int], own_path: list[str]) -> None:
    """Fork once more: one process waits and reports, the other one returns and is `manage.py`."""
    *streams, reply = descriptors
    pid = os.fork()
    if pid == 0:
        os.close(reply)
        _become(request, streams, own_path)
        runpy.run_path(request["argv"][0], run_name="__main__")
        return
    os.write(reply, f"{pid}\n".encode())
    for descriptor in streams:
        os.close(descriptor)
    _, status = os.waitpid(pid, 0)
    os.write(reply, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(request: dict[str, Any], streams: list[int], own_path: list[str]) -> None:
    """Take over everything that a new process would begin with."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv[:] = request["argv"]
    sys.path[:] = [request["cwd"], *request["env"]["PYTHONPATH"].split(os.pathsep), *own_path]
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8")  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = _writing(1, "strict")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _writing(2, "backslashreplace")  # type: ignore[misc]


def _writing(number: int, errors: str) -> Any:
    stream: Any = open(number, "w", encoding="utf-8", errors=errors)  # noqa: SIM115
    stream.reconfigure(write_through=True)
    return stream


if __name__ == "__main__":
    main()
