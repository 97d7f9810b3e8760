"""Whether a folder will still be there tomorrow, and how much fits into it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psutil

#: Environment variables that tell a platform, and whether every disk there vanishes or only what is not a mounted volume.
PLATFORMS = {
    "DYNO": ("Heroku", True),
    "FLY_APP_NAME": ("Fly", False),
    "RENDER": ("Render", False),
    "KUBERNETES_SERVICE_HOST": ("Kubernetes", False),
    "K_SERVICE": ("Cloud Run", False),
    "ECS_CONTAINER_METADATA_URI_V4": ("ECS", False),
}
#: Kinds of mounts that do not outlive the container or the machine's next start.
VANISHING = {
    "overlay": "the container's own layer",
    "aufs": "the container's own layer",
    "tmpfs": "memory",
    "ramfs": "memory",
}


def why_ephemeral(folder: Path) -> str:
    """Return in a few words why files in this folder will vanish, or an empty text when nothing says so."""
    mount, kind = _mount(folder)
    for variable, (platform, everything) in PLATFORMS.items():
        if variable not in os.environ:
            continue
        if everything:
            return f"on {platform} every local disk is emptied when the process ends"
        if mount == Path("/"):
            return f"on {platform} it is not on a mounted volume, and goes with the container"
    if kind in VANISHING:
        return f"it is in {VANISHING[kind]} ({kind} at {mount})"
    return ""


def free_bytes(folder: Path) -> int | None:
    """Return the free bytes of the disk where a folder is, or will be made."""
    try:
        return shutil.disk_usage(_existing(folder)).free
    except OSError:
        return None


def _mount(folder: Path) -> tuple[Path, str]:
    place = _existing(folder)
    best = (Path("/"), "")
    for partition in psutil.disk_partitions(all=True):
        mount = Path(partition.mountpoint)
        if place.is_relative_to(mount) and len(mount.parts) >= len(best[0].parts):
            best = (mount, partition.fstype)
    return best


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    place = folder.resolve()
    while not place.exists():
        place = place.parent
    return place
