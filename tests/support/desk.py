"""What agents do at their desks, for the tests of their codes and shifts."""

from __future__ import annotations

from engine.core.commands import PlayPrompt
from engine.core.inputs import PlaybackEnded
from tests.support.centre import Centre


def dial(centre: Centre, agent: str, digits: str) -> tuple[str, ...]:
    """Dials a code, hears the answer to its end; returns what was spoken."""
    centre.call(digits, source=agent)
    (prompt,) = centre.told(PlayPrompt)
    centre.give(PlaybackEnded(prompt.playback_id, ok=True))
    centre.obey()
    return prompt.media


def talk_and_end(centre: Centre, number: str, agent: str) -> None:
    """A caller of that queue talks to that agent, who hangs up and is in wrap-up now."""
    centre.call(number)
    centre.end_leg(centre.answer(agent))
    centre.obey()
