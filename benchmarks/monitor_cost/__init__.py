"""What does the monitor cost that watches a run, for the command, for the server, and for those who use it meanwhile?"""

from __future__ import annotations
