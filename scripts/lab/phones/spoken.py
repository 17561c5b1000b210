"""Dialling a feature code: a call that something is said to, and that the far end then ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scripts.lab.phones.caller import Caller
from scripts.lab.phones.happening import DEADLINE
from scripts.lab.phones.listening import Listening
from scripts.lab.phones.outgoing import OutgoingCall
from scripts.lab.phones.tone import FRAME, loudness

_VOICED: Final = 0.01
"""RMS of 20 ms from which on somebody speaks: -40 dBFS."""
SPEECH_MS: Final = 200
"""Less than this is no speech."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was heard in a call until the far end hung up."""

    call: OutgoingCall
    status: int
    """Of the INVITE: 200, or how the code was refused by SIP (nothing was answered then)."""
    answered_ms: float
    """From the INVITE to the 200."""
    lasted_ms: float
    """From the 200 to the far end's BYE."""
    pcm: tuple[int, ...]
    """All that came in, early media too, with the gaps between runs left out."""

    @property
    def speech_ms(self) -> int:
        """How long it was loud."""
        return 20 * sum(value >= _VOICED for value in _frames(self.pcm))

    @property
    def loudness(self) -> float:
        """RMS of the loud part, as a fraction of full scale; 0 if there was none."""
        loud = [value for value in _frames(self.pcm) if value >= _VOICED]
        return math.sqrt(sum(value * value for value in loud) / len(loud)) if loud else 0.0

    @property
    def something(self) -> bool:
        """Something was said."""
        return self.speech_ms >= SPEECH_MS


def _frames(pcm: Sequence[int]) -> list[float]:
    return [loudness(pcm[at : at + FRAME]) for at in range(0, len(pcm), FRAME)]


async def dial_code(
    phone: Caller, code: str, *, answer_s: float = DEADLINE, said_s: float = 30.0
) -> Spoken:
    """Dial a code, listen, and return when the far end has hung up; refusals are returned, too.

    Args:
        phone: who dials.
        code: such as `*7100*6400`.
        answer_s: how long the answer (or refusal) may take.
        said_s: how long it may then be until the far end's BYE.

    Raises:
        TimeoutError: no answer, or no BYE; the call is hung up then.
    """
    call = phone.place(code, media="silence")
    listening = Listening(call.audio)
    try:
        await call.settled.within(answer_s)
        ending = await call.ended.within(said_s)
    except TimeoutError:
        call.hang_up()
        raise
    finally:
        listening.stop()
    answered_ms = (call.answered.at_ns - call.sent_ns) / 1e6 if call.answered else 0.0
    lasted_ms = (call.ended.at_ns - call.answered.at_ns) / 1e6 if call.answered else 0.0
    pcm = tuple(sample for _, samples in listening.runs() for sample in samples)
    return Spoken(call, call.status or ending.status, answered_ms, lasted_ms, pcm)
