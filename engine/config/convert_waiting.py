"""What a queue does for its callers, from the admin's models to the core's."""

from __future__ import annotations

from typing import assert_never

from engine.config import hours as opening
from engine.config import wait
from engine.config.convert_places import to_destination
from engine.config.forms import MusicSound, PromptSound, WaitingSound
from engine.config.models import Configuration
from engine.config.values import milliseconds
from engine.core import waiting


def to_sound(
    sound: WaitingSound, language: str, configuration: Configuration
) -> waiting.WaitingSound:
    """Returns what callers hear who wait in this language."""
    match sound:
        case "ringing":
            return waiting.WaitingSound(None)
        case MusicSound(music=name):
            return waiting.WaitingSound(name)
        case PromptSound(prompt=name):
            return waiting.WaitingSound(configuration.recorded[name].music_class(language))
        case _:
            assert_never(sound)


def to_hours(hours: opening.QueueHours | None) -> waiting.QueueHours | None:
    """Returns when a queue takes calls."""
    if hours is None:
        return None
    return waiting.QueueHours(
        schedule=hours.schedule,
        closed=to_destination(hours.closed),
        holiday=None if hours.holiday is None else to_destination(hours.holiday),
        ignore_holidays=hours.ignore_holidays,
        holiday_prompt=hours.play_holiday_prompt,
        leave_at_closing=hours.waiting_at_closing is opening.AtClosing.LEAVE,
    )


def to_announcements(said: wait.Announcements) -> waiting.Announcements:
    """Returns what they are told."""
    return waiting.Announcements(
        join=said.join,
        join_first=said.join_first,
        queue=said.queue,
        queue_every_ms=milliseconds(said.queue_every_s),
        progress_every_ms=milliseconds(said.progress_every_s),
        position=said.position,
        wait=said.wait,
        thanks=said.thanks,
        agent_id=said.agent_id,
    )


def to_key_events(events: wait.KeyEvents) -> tuple[waiting.KeyEvent, ...]:
    """Returns which keys lead where."""
    return tuple(waiting.KeyEvent(key, to_destination(each)) for key, each in events.items())


def to_empty_rule(absences: tuple[wait.Absence, ...] | None) -> waiting.EmptyRule | None:
    """Returns who counts as not there; who is logged out always does."""
    if absences is None:
        return None
    return waiting.EmptyRule(
        unregistered=wait.Absence.UNREGISTERED in absences,
        paused=wait.Absence.PAUSED in absences,
        in_use=wait.Absence.IN_USE in absences,
    )


def to_callback(callback: wait.Callback | None) -> waiting.CallbackPolicy | None:
    """Returns how callers are called back."""
    if callback is None:
        return None
    return waiting.CallbackPolicy(
        key=callback.key,
        offer_after_ms=milliseconds(callback.offer_after_s),
        prefix=callback.prefix,
        outbound_routes=callback.outbound_routes,
        timeout_ms=None if callback.timeout_s is None else milliseconds(callback.timeout_s),
        attempts=callback.attempts,
        spacing_ms=milliseconds(callback.spacing_s),
        ring_timeout_ms=milliseconds(callback.ring_timeout_s),
    )


def to_survey(survey: wait.Survey | None) -> waiting.SurveyPolicy | None:
    """Returns what they are asked afterwards."""
    if survey is None:
        return None
    return waiting.SurveyPolicy(
        media=survey.prompt,
        keys=tuple(waiting.SurveyKey(key, score) for key, score in survey.keys.items()),
        closing=survey.closing,
        timeout_ms=milliseconds(survey.timeout_s),
        tries=survey.tries,
    )
