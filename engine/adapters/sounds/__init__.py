"""Sounds as files: text spoken by a command, tidied, and laid where Asterisk looks for it.

Door: `build` (a language's catalogue into a directory), `Synthesiser`, `SoundsFailed`,
`missing_sounds`; and `install.install` (the prompts of a configuration), apart because all else
needs Python alone, so that scripts/setup can call it before anything is installed.
Must not: decide what is said (`engine.core.speech` does), talk to Asterisk.
"""

from engine.adapters.sounds.build import Built, build, missing_sounds
from engine.adapters.sounds.synthesis import SoundsFailed, Synthesiser

__all__ = [
    "Built",
    "SoundsFailed",
    "Synthesiser",
    "build",
    "missing_sounds",
]
