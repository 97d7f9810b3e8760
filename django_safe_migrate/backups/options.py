"""What a backend tells its connectors."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorOptions:
    """
    The options of the backend that connectors use; durations in seconds.

    ``bin_dir`` is the folder of the client programs (None: PATH), ``lock_wait`` how long a dump or a swap waits for a lock, ``stall``
    how long a client program may stay silent. Tables with fewer rows than ``exact_below`` are counted, and of those with fewer than
    ``checksum_below`` the rows get a checksum. ``passphrase`` is that of the secret key which opens encrypted backups.
    """

    bin_dir: str | None = None
    lock_wait: float = 60.0
    stall: float = 600.0
    exact_below: int = 1_000_000
    checksum_below: int = 100_000
    encrypt: bool = False
    passphrase: str | None = None
