"""
One table, whose migrations were squashed; the folders of migrations are what the same app holds from release to release.

`originals` before squashing, `squashed` with both, `alone` after the replaced files were deleted, `nested` with a squashed migration squashed
again (Django 6.0 on). A test chooses with MIGRATION_MODULES.
"""

from __future__ import annotations
