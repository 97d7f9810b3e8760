"""How long do the requests of a running application wait while its table is migrated and somebody else holds a lock on it?"""

from __future__ import annotations
