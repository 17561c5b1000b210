"""Sounds as files: text spoken by a command, tidied, and laid where Asterisk looks for it.

Door: `build` (a language's catalogue into a directory), `Synthesiser`, `SoundsFailed`,
`missing_sounds`.
Must not: decide what is said (`engine.core.speech` does), talk to Asterisk.
"""

from engine.adapters.sounds.build import Built, build, missing_sounds
from engine.adapters.sounds.synthesis import DEFAULT_COMMAND, SoundsFailed, Synthesiser

__all__ = [
    "DEFAULT_COMMAND",
    "Built",
    "SoundsFailed",
    "Synthesiser",
    "build",
    "missing_sounds",
]
