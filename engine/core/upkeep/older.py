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


def _call(call: Json) -> Json:
    if not isinstance(call, dict):
        return call
    made = dict(call)
    parked = made.get("slot") is not None
    slot = _taken("Parked", _PARKED, made)
    made["parked"] = slot if parked else None
    made["counts"] = _taken("Counts", _COUNTS, made)
    made["prompt"] = _taken("Prompt", _PROMPT, made)
    made["trip"] = _taken("Trip", _TRIP, made)
    made["way_back"] = _taken("WayBack", _WAY_BACK, made)
    if isinstance(made.get("dialogue"), dict):
        made["dialogue"] = _dialogue(made["dialogue"])
    return made


def _taken(kind: str, names: dict[str, str], out_of: dict[str, Json]) -> dict[str, Json]:
    """Takes fields out of an object; returns the object of this kind that they make."""
    fields = {to: out_of.pop(name) for name, to in names.items() if name in out_of}
    return {"t": kind, **fields}


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
