"""Pages of a real web server on this machine."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from django_safe_migrate.execution.monitoring.pages import Pages


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    thread.join()
    found.server_close()


def test_pages_before_during_and_after(server: str) -> None:
    pages = Pages([f"{server}/?token=secret", f"{server}/broken"])
    pages.visit("before")
    pages.visit_if_due()
    pages.visit_if_due()
    pages.visit("after")
    good, broken = pages.to_json()
    assert good["url"] == f"{server}/"
    assert (good["visits"], good["failures"]) == (3, 0)
    assert all(good[f"{moment}_seconds"] > 0 for moment in ("before", "during", "after"))
    assert (broken["visits"], broken["failures"]) == (3, 3)
    assert broken["before_seconds"] is None
    assert "503" in broken["last_failure"]


def test_a_page_that_is_not_there_breaks_nothing() -> None:
    pages = Pages(["http://127.0.0.1:1/"])
    pages.visit("before")
    [page] = pages.to_json()
    assert page["failures"] == 1
    assert "refused" in page["last_failure"]
