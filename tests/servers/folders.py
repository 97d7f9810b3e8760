"""
Temporary folders of test servers, and the removal of what a killed test run left behind.

Each folder records which process owns it. A folder whose owner is dead is stale: its server is ended
and the folder deleted when the next test run makes a folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import psutil

PREFIX = "safe-migrate-server-"
OWNER_FILE = "owner.json"
PROCESS_FILE = "server.json"


def make_server_folder(name: str) -> Path:
    """Make a folder for a server owned by this process, and clear away the stale ones."""
    remove_stale_folders()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-"))
    # The server may run as another user, who must be able to walk through to its own data.
    folder.chmod(0o755)
    _write_process(folder / OWNER_FILE, os.getpid())
    return folder


def record_server_process(folder: Path, pid: int) -> None:
    """Note which process serves from `folder`, so that a later run can end it."""
    _write_process(folder / PROCESS_FILE, pid)


def remove_stale_folders() -> list[Path]:
    """End the servers whose owners are dead, delete their folders and return them."""
    stale = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if not (folder / OWNER_FILE).exists() or _read_process(folder / OWNER_FILE) is not None:
            continue
        if (server := _read_process(folder / PROCESS_FILE)) is not None:
            kill_process_tree(server)
        shutil.rmtree(folder, ignore_errors=True)
        stale.append(folder)
    return stale


def kill_process_tree(process: psutil.Process) -> None:
    """Kill a process and its descendants, and wait until they are gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        # The parent first: a postmaster that sees its children die would start to recover.
        process.suspend()
        family = [process, *process.children(recursive=True)]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(family, timeout=30)


def _write_process(path: Path, pid: int) -> None:
    path.write_text(json.dumps({"pid": pid, "created": psutil.Process(pid).create_time()}))


def _read_process(path: Path) -> psutil.Process | None:
    """Return the recorded process when it is alive and no other took its number."""
    try:
        recorded = json.loads(path.read_text())
        process = psutil.Process(recorded["pid"])
        if abs(process.create_time() - recorded["created"]) > 1:
            return None
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except (FileNotFoundError, json.JSONDecodeError, psutil.NoSuchProcess):
        return None
