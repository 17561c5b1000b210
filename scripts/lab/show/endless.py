"""`scripts/demo`: customers and agents who go on until Ctrl-C."""
from __future__ import annotations
from scripts.lab.show.centre import DemoCentre
from scripts.lab.show.screen import Screen
async def play_on(centre: DemoCentre, screen: Screen, calls_per_minute: int) -> None:
    """Plays until cancelled."""
