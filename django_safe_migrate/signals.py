"""
Signals sent while a run goes on.

Each is sent with ``sender=RunRecord`` (the class), ``name`` (the event's name), ``event`` (its payload) and ``record`` (the record so far).
``run_started``, ``stage_finished``, ``step_finished`` and ``run_finished`` are the events of these names, sent by the thread that migrates
and outside every migration's transaction. ``run_progressed`` is sent by the monitor, in a thread of its own, while a plan is carried out:
``name`` is ``monitored`` (about once in a second, after a minute once in five), ``blocked`` (somebody keeps the run waiting) or
``blocker_ended``.

All are sent with ``send_robust``: a receiver that raises is logged, told in the report, and never stops a run. A slow one slows the run down,
or the monitor.

What the monitor saw is part of the record: ``record.monitoring`` while a plan is carried out, and once it was, all of it in
``record.stage("execute").detail["monitoring"]``.
"""

from __future__ import annotations

from django.dispatch import Signal

run_started = Signal()
run_progressed = Signal()
stage_finished = Signal()
step_finished = Signal()
run_finished = Signal()
