"""Facts that somebody should look at, as log lines with `alarm=`."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.core.facts import Fact, RecordingEnded

log = logging.getLogger(__name__)


def raise_alarms(facts: Sequence[Fact]) -> None:
    """Logs these facts as far as they are bad news; a subscriber of the engine's facts."""
    for fact in facts:
        if type(fact) is RecordingEnded and not fact.ok:
            log.error(
                "recording %s failed, the talk goes on: %s",
                fact.recording_id,
                fact.why,
                extra={"alarm": "recording_failed"},
            )
