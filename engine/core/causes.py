"""Q.850 cause values (ITU-T Q.850), as far as the core names them."""

from __future__ import annotations

from typing import Final

NORMAL_CLEARING: Final = 16
NO_ANSWER: Final = 19
UNREACHABLE: Final = 20
CONGESTION: Final = 42
