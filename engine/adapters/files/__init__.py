"""Files: the journal, the snapshots and the outbox in the state directory; watching the config.

Door: `FileJournal`, `FileSavedState`, `FileOutbox`, `ConfigWatcher`, `StateDirectory`,
`RecordingFolder`.
Must not: decide what is done about a damage (the office does), know a database.

What a crash can cost: every write goes to the operating system before anything follows from it, so
`kill -9` of the engine loses nothing. Nothing on the path of a call waits for the disk itself: a
power loss costs what the file system had not written yet (ext4: usually the last 5 s). Snapshots
and the outbox's cursor are synced before they replace the ones before.
"""

from engine.adapters.files.directory import StateDirectory, StateInUse
from engine.adapters.files.journal import FileJournal
from engine.adapters.files.outbox import FileOutbox
from engine.adapters.files.recordings import RecordingFolder
from engine.adapters.files.saved import FileSavedState
from engine.adapters.files.watch import ConfigWatcher

__all__ = [
    "ConfigWatcher",
    "FileJournal",
    "FileOutbox",
    "FileSavedState",
    "RecordingFolder",
    "StateDirectory",
    "StateInUse",
]
