"""
Bringing a database that something went wrong with into order: what is found, what would be done, and doing it.

What is there is read from the catalogue of the server, never concluded from what a run was about to do. Each repair is a run of its own
in journal and history, under the run lock.
"""

from __future__ import annotations

from django_safe_migrate.repair.problem import Problem, Ways
from django_safe_migrate.repair.session import diagnose, others, repair

__all__ = ["Problem", "Ways", "diagnose", "others", "repair"]
