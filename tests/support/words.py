"""The house's words about callbacks as tones, so that a phone can tell which sentence it hears.

The sentences of the engine stay as they are; only the sound files of their words are others, and short:
the word by which a sentence is known sounds for `TELLING_S`, all others are a moment of silence.
"""

from __future__ import annotations

import array
import wave
from pathlib import Path
from typing import Final

from engine.core import speech
from scripts.lab.phones.tone import RATE, sine

OFFER_HZ: Final = 600
CONFIRM_HZ: Final = 800
CONFIRM_OTHER_HZ: Final = 1150
ENTER_HZ: Final = 1450
INVALID_HZ: Final = 1750
NOT_CALLABLE_HZ: Final = 2050
ALREADY_HZ: Final = 2200
REGISTERED_HZ: Final = 2350
FOR_AGENT_HZ: Final = 2500
NOT_REACHED_HZ: Final = 2650

_TOLD_BY: Final = {
    "vm-press": OFFER_HZ,
    "vm-num-i-have": CONFIRM_HZ,
    "you-entered": CONFIRM_OTHER_HZ,
    "privacy-prompt": ENTER_HZ,
    "privacy-incorrect": INVALID_HZ,
    "cannot-complete-as-dialed": NOT_CALLABLE_HZ,
    "queue-callswaiting": ALREADY_HZ,
    "num-was-successfully": REGISTERED_HZ,
    "calling": FOR_AGENT_HZ,
    "number-not-answering": NOT_REACHED_HZ,
}
TELLING_S: Final = 0.5
_REST_S: Final = 0.06


def speak_in_tones(sounds: Path) -> None:
    """Puts tones in the place of the English words in Asterisk's directory of sounds."""
    english = sounds / "en"
    english.unlink()  # A link to what the package brought.
    for name in speech.names("en"):
        path = english / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        hertz = _TOLD_BY.get(name, 0)
        length = round(RATE * (TELLING_S if hertz else _REST_S))
        samples = array.array("h", sine(hertz, length) if hertz else [0] * length)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.tobytes())
