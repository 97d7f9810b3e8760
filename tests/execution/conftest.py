from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from tests.execution.ledger import CROSSING, LEDGER, SQUASHED, Carrier
from tests.scenarios.ledger import faults


@pytest.fixture
def _scenarios() -> Iterator[None]:
    """Install the scenarios; the squashed one as it was before squashing, which `release` changes."""
    installed = [*settings.INSTALLED_APPS, LEDGER, SQUASHED, *CROSSING]
    modules = {"squashed": f"{SQUASHED}.originals"}
    with override_settings(INSTALLED_APPS=installed, MIGRATION_MODULES=modules):
        yield
    faults.on_run.clear()


@pytest.fixture
def carrier(_scenarios: None, connection: Any) -> Carrier:
    return Carrier(connection)


@pytest.fixture
def release(settings: Any) -> Any:
    """Deploy another release of the scenario `squashed`: one of its folders of migrations."""

    def deploy(folder: str) -> None:
        settings.MIGRATION_MODULES = {"squashed": f"{SQUASHED}.{folder}"}

    return deploy
