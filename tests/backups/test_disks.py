"""Disks that vanish."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from django_safe_migrate.backups import disks


@pytest.fixture(autouse=True)
def _plain_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in disks.PLATFORMS:
        monkeypatch.delenv(variable, raising=False)
    mounts(monkeypatch, {"/": "ext4"})


def mounts(monkeypatch: pytest.MonkeyPatch, table: dict[str, str]) -> None:
    found = [SimpleNamespace(mountpoint=place, fstype=kind) for place, kind in table.items()]
    monkeypatch.setattr(disks.psutil, "disk_partitions", lambda all: found)  # noqa: A006


def test_a_disk_of_this_machine_stays(tmp_path: Path) -> None:
    assert disks.why_ephemeral(tmp_path / "not" / "there" / "yet") == ""


def test_heroku_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNO", "release.1")
    mounts(monkeypatch, {"/": "ext4", str(tmp_path): "ext4"})
    assert (
        disks.why_ephemeral(tmp_path)
        == "on Heroku every local disk is emptied when the process ends"
    )


@pytest.mark.parametrize(
    ("variable", "platform"),
    [("FLY_APP_NAME", "Fly"), ("RENDER", "Render"), ("KUBERNETES_SERVICE_HOST", "Kubernetes")],
)
def test_elsewhere_a_mounted_volume_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, platform: str
) -> None:
    monkeypatch.setenv(variable, "1")
    assert (
        disks.why_ephemeral(tmp_path)
        == f"on {platform} it is not on a mounted volume, and goes with the container"
    )
    mounts(monkeypatch, {"/": "overlay", str(tmp_path): "ext4"})
    assert disks.why_ephemeral(tmp_path) == ""


@pytest.mark.parametrize(
    ("kind", "where"), [("overlay", "the container's own layer"), ("tmpfs", "memory")]
)
def test_layers_and_memory_vanish_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, where: str
) -> None:
    mounts(monkeypatch, {"/": "ext4", str(tmp_path): kind})
    assert disks.why_ephemeral(tmp_path) == f"it is in {where} ({kind} at {tmp_path})"


def test_free_bytes_of_a_folder_that_will_be_made(tmp_path: Path) -> None:
    free = disks.free_bytes(tmp_path / "later")
    assert free is not None
    assert free > 0
