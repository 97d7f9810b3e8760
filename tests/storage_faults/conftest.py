from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.projects import Project
from tests.servers import Server
from tests.storage_faults.disks import SmallDisk, small_disk
from tests.storage_faults.places import put_there, take_away


@pytest.fixture
def disk(vendor_server: Server) -> Iterator[SmallDisk]:
    """A disk in the folder of the server, where its account can walk."""
    with small_disk(vendor_server.folder / f"disk-{secrets.token_hex(4)}", "64m") as mounted:
        yield mounted
    mounted.folder.rmdir()


@pytest.fixture
def placed(project: Project, disk: SmallDisk) -> Iterator[Project]:
    """A project whose database is on the disk."""
    put_there(project, disk)
    yield project
    take_away(project)
