"""Connects the folder of recordings with the engine and the calendar."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from engine.adapters.files import RecordingFolder
from engine.adapters.scheduler import Calendar
from engine.app.alarms import raise_alarms
from engine.app.engine import Engine
from engine.app.ports import Clock
from engine.app.recordings import JoinWhenEnded
from engine.app.thread import DaemonThread
from engine.config import Configuration
from engine.core.model.state import State

SUBFOLDER: Final = "recording"
"""Where in its spool directory Asterisk keeps recordings."""

TIDY_AT: Final = "03:30"
"""UTC."""


def keep_recordings(
    engine: Engine, configuration: Configuration, clock: Clock, state: State
) -> DaemonThread:
    """Has recordings joined when they end, and old ones deleted now and every night.

    `state` is as restored: of what runs since before a restart, no fact will tell the beginning.
    Returns the thread in which that is done: a slow disk must not hold up the journal's.
    """
    settings = configuration.settings.recordings
    folder = RecordingFolder(Path(settings.directory) / SUBFOLDER, settings.keep_days)
    thread = DaemonThread("usher-recordings")
    engine.subscribe(raise_alarms)
    begun = {each.recording_id: each.name for each in state.recordings.values() if each.stereo}
    engine.subscribe(JoinWhenEnded(folder, thread.submit, begun).take)
    calendar = Calendar()

    async def tidy() -> None:
        await thread.call(partial(folder.tidy, clock.now_ms()))

    async def tidy_now_and_at_night() -> None:
        thread.submit(partial(folder.tidy, clock.now_ms()))
        await calendar.run()

    calendar.daily("recordings", TIDY_AT, tidy)
    engine.add_side_task("recordings", tidy_now_and_at_night)
    return thread
