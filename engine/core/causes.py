"""Cause values (ITU-T Q.850) with which the core itself ends calls and offers.

What the causes of phones and trunks mean for an offer is told by `offers.reason_for_cause`.
"""

from __future__ import annotations

from typing import Final

NORMAL_CLEARING: Final = 16
NO_ANSWER: Final = 19
UNREACHABLE: Final = 20
NETWORK_OUT_OF_ORDER: Final = 38
CONGESTION: Final = 42
