"""Fetching pages of the running project, to see whether it still answers while it is migrated."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

#: Seconds that a page may take; longer counts as no answer.
LONGEST = 5.0
#: Seconds between two visits while the plan is carried out.
EVERY = 5.0
_HEADERS = {"User-Agent": "django-safe-migrate monitor", "Cache-Control": "no-cache"}


class Pages:
    """Answer times of pages before, during and after; an answer of the server's that tells of an error is a failure."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._pages = {url: _Page(url) for url in urls}
        self._due = 0.0
        self._visit: threading.Thread | None = None

    def visit(self, moment: str) -> None:
        """Fetch every page and wait for it; ``moment`` is before, during or after."""
        if self._visit is not None:
            self._visit.join(LONGEST)
        for page in self._pages.values():
            page.visit(moment)

    def visit_if_due(self) -> None:
        """Begin to fetch every page when the last visit is some seconds ago, and wait for nothing: a page may wait for a lock of ours."""
        under_way = self._visit is not None and self._visit.is_alive()
        if self._pages and not under_way and time.monotonic() >= self._due:
            self._due = time.monotonic() + EVERY
            self._visit = threading.Thread(target=self._visit_meanwhile, daemon=True)
            self._visit.start()

    def _visit_meanwhile(self) -> None:
        for page in self._pages.values():
            page.visit("during")

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain data."""
        return [page.to_json() for page in self._pages.values()]


class _Page:
    def __init__(self, url: str) -> None:
        self.url = url
        self.visits = 0
        self.failures = 0
        self.last_failure = ""
        self.seconds: dict[str, float | None] = {"before": None, "during": None, "after": None}

    def visit(self, moment: str) -> None:
        self.visits += 1
        started = time.perf_counter()
        # Only http and https are accepted in the settings.
        request = urllib.request.Request(self.url, headers=_HEADERS)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=LONGEST) as response:  # noqa: S310
                response.read()
        except (OSError, http.client.HTTPException, urllib.error.URLError, ValueError) as error:
            self.failures += 1
            self.last_failure = f"{type(error).__name__}: {error}"
            return
        taken = time.perf_counter() - started
        self.seconds[moment] = max(taken, self.seconds[moment] or 0.0)

    def to_json(self) -> dict[str, Any]:
        return {
            "url": self.url.partition("?")[0],
            "visits": self.visits,
            "failures": self.failures,
            "last_failure": self.last_failure,
            **{f"{moment}_seconds": value for moment, value in self.seconds.items()},
        }
