"""Whether a folder will still be there tomorrow, and how much fits into it."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path

import psutil

from django_safe_migrate.databases.causes import causes

#: No room on the disk, no more in the quota, and a file that is as large as this process may make it (``ulimit -f``).
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: SQLite puts details into the higher bytes of a code.
_PRIMARY_CODE = 0xFF

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


def is_full(error: BaseException) -> bool:
    """Whether an error, or what it was raised from, says that there is no room for more bytes."""
    return any(
        getattr(cause, "errno", None) in _FULL
        or getattr(cause, "sqlite_errorcode", 0) & _PRIMARY_CODE == sqlite3.SQLITE_FULL
        for cause in causes(error)
    )


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
