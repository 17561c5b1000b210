"""Where real cores come from."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from engine.app.ports import Core
from engine.core.router import RoutingCore


class RoutingBrain:
    """Implements the port `Brain` with `RoutingCore`."""

    def fresh(self, epoch: str) -> Core:
        """Makes an empty core with a seed of its own."""
        return RoutingCore(epoch, secrets.randbits(62))

    def restored(self, snapshot: dict[str, Any]) -> Core:
        """Makes a core from a snapshot; raises `CodecError` if it is not one of this version."""
        return RoutingCore.restore(snapshot)

    def renamed(self, core: Core, epoch: str) -> Core:
        """Makes a core in the same state under another epoch."""
        return RoutingCore.restore({**core.snapshot(), "epoch": epoch})


def new_epoch(now_ms: int) -> str:
    """Returns a name for a history that begins now: its time (UTC), and something by chance."""
    started = datetime.fromtimestamp(now_ms / 1000, UTC)
    return f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
