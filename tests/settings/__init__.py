"""Settings of the tests that run inside pytest; one file per vendor, `sqlite` unless `--ds` says otherwise."""

from __future__ import annotations
