"""Running the vendors' own client programs, with the password in the environment and never among the arguments."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence


class ClientProgramFailed(RuntimeError):
    """A client program is missing or left with an error; the message carries its own words."""


def run_client(
    names: Sequence[str], arguments: Sequence[str], environment: Mapping[str, str]
) -> str:
    """Run the first of the named programs that PATH of the environment finds and return what it prints."""
    program = next(
        (found for name in names if (found := shutil.which(name, path=environment.get("PATH")))),
        None,
    )
    if program is None:
        raise ClientProgramFailed(f"None of the programs {', '.join(names)} is on PATH.")
    finished = subprocess.run(
        [program, *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if finished.returncode:
        raise ClientProgramFailed(
            f"{program} left with status {finished.returncode}: {finished.stderr.strip()}"
        )
    return finished.stdout
