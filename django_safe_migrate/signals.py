"""
Signals sent while a run goes on.

Each is sent with ``sender=RunRecord`` (the class), ``record`` (the record so far) and ``event`` (the event's payload). They are sent outside
every migration's transaction, with ``send_robust``: a receiver that raises is logged and never stops a run.
"""

from __future__ import annotations

from django.dispatch import Signal

run_started = Signal()
stage_finished = Signal()
step_finished = Signal()
run_finished = Signal()
