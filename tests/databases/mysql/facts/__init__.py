"""The facts of MariaDB and MySQL, against a real MariaDB server."""

from __future__ import annotations
