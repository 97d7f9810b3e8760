"""
The rehearsal: a plan carried out on a restored copy of the database, there and back, before the real one is touched.

It runs in a process of its own, whose settings know the copy under the alias of the real database and refuse every other one.
Nothing is imported here, since that process imports this package before its settings exist.
"""

from __future__ import annotations
