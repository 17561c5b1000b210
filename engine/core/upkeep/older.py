"""Snapshots of older versions in the form that today's have, as JSON values.

What is not as an older version wrote it is left as it is: the codec then says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = Any


def with_grouped_calls(snapshot: dict[str, Json]) -> dict[str, Json]:
    """Gives calls the form that they have since version 7: groups of values, kinds of dialogues.

    Calls are those of the snapshot, and those whose callers are a leg in another call.
    """
    made = dict(snapshot)
    if isinstance(made.get("calls"), list):
        made["calls"] = [_call(each) for each in made["calls"]]
    if isinstance(made.get("legs"), list):
        made["legs"] = [_leg(each) for each in made["legs"]]
    return made


def _leg(leg: Json) -> Json:
    if isinstance(leg, dict) and "was" in leg:
        return {**leg, "was": _call(leg["was"])}
    return leg


_COUNTS = {
    name: name
    for name in (
        *("answers", "hang_ups", "visits", "legs", "prompts"),
        *("monitors", "recordings", "talks", "holds"),
    )
}
_PROMPT = {"prompt": "playback_id", "prompt_media": "media", "purpose": "purpose", "after": "after"}
_TRIP = {"trips": "ordinal", "away": "to", "sent": "sent"}
_PARKED = {"slot": "slot", "park_id": "park_id"}
_WAY_BACK = {"parked_by": "by", "parked_from": "queue_id", "park_rounds": "rounds"}
"""By the name of a call's field up to version 6: its name in the group."""

_NO_PROMPT: dict[str, Json] = {
    "playback_id": None,
    "media": [],
    "purpose": "closing",
    "after": None,
}
_NO_TRIP = {"ordinal": 0, "to": "", "sent": None}
_NOT_PARKED = {"slot": None, "park_id": ""}
_NO_WAY_BACK = {"by": "", "queue_id": None, "rounds": 0}
"""What the fields of a group said of a call that had no such thing, and so say where they are missing."""


def _call(call: Json) -> Json:
    if not isinstance(call, dict):
        return call
    made = dict(call)
    made["counts"] = _taken("Counts", _COUNTS, made, {})
    made["prompt"] = _taken("Prompt", _PROMPT, made, _NO_PROMPT)
    made["trip"] = _taken("Trip", _TRIP, made, _NO_TRIP)
    if made.get("state") == "away" and made["trip"] is None:
        made["trip"] = {"t": "Trip"}  # It was away before we knew of it.
    made["parked"] = _taken("Parked", _PARKED, made, _NOT_PARKED)
    made["way_back"] = _taken("WayBack", _WAY_BACK, made, _NO_WAY_BACK)
    if isinstance(made.get("dialogue"), dict):
        made["dialogue"] = _dialogue(made["dialogue"])
    return made


def _taken(
    kind: str, names: dict[str, str], out_of: dict[str, Json], nothing: dict[str, Json]
) -> dict[str, Json] | None:
    """Takes fields out of an object; returns the object of this kind that they make.

    `nothing` is what they say where there is none, and then None is returned.
    """
    taken = {to: out_of.pop(name) for name, to in names.items() if name in out_of}
    fields = {**nothing, **taken}
    return None if nothing and fields == nothing else {"t": kind, **fields}


def _dialogue(dialogue: dict[str, Json]) -> Json:
    kind = dialogue.get("kind")
    make = _KINDS.get(kind) if isinstance(kind, str) else None
    if make is None:
        return dialogue
    common = {name: dialogue[name] for name in _COMMON if name in dialogue}
    return {**common, **make(dialogue)}


_COMMON = ("timeout_ms", "digits", "tries", "unheard")

_KINDS: dict[str, Callable[[dict[str, Json]], dict[str, Json]]] = {
    "menu": lambda old: {"t": "MenuDialogue", "menu": old.get("menu")},
    "survey": lambda old: {
        "t": "SurveyDialogue",
        "about": old.get("about"),
        "survey": old.get("survey"),
    },
    "callback": lambda old: {
        "t": "CallbackDialogue",
        "trigger": old.get("name"),
        **{name: old[name] for name in ("step", "number", "rounds") if name in old},
    },
}
"""What each kind of dialogue has of its own."""
