"""The arguments of `usher ctl`: each verb becomes one request to the running engine."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from engine.core.inputs import AgentAction, RecordingAction
from engine.core.policy import MonitorMode, Presence

Verbs = Any
"""What argparse returns for a command's commands."""

WHERE_TO: Final = (
    "queue NUMBER, extension NUMBER, voicemail BOX, menu NAME, call-flow NAME, ring-group NAME,"
    " external NUMBER ROUTE, hang-up [CAUSE], or play MEDIA..."
)

HANG_UP_CAUSE: Final = 16


class WrongDestination(argparse.ArgumentTypeError):
    """The words name no destination."""


def add_arguments(parser: argparse.ArgumentParser, config: Path, variable: str) -> None:
    """Adds the verbs. `config` is where the configuration is looked for, or `variable` says so."""
    parser.add_argument(
        "--config",
        type=Path,
        default=config,
        metavar="DIR",
        help=f"the engine's configuration (default: ${variable}, else ./config)",
    )
    parser.add_argument(
        "--socket",
        type=Path,
        metavar="PATH",
        help="the engine's control socket, instead of what the configuration says",
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True, dest="verb")
    _show(verbs, "calls", "show all calls, with their versions")
    _show(verbs, "agents", "show all agents, with their versions")
    _call_verb(verbs, "pick-up", "ring the phone of --by for a waiting call")
    for name, text in [
        ("redirect", "send a waiting or parked call elsewhere"),
        ("transfer", "send the caller of a talk elsewhere"),
    ]:
        verb = _call_verb(verbs, name, text)
        verb.add_argument("to", nargs="+", metavar="TO", help=WHERE_TO)
        verb.set_defaults(request=_with_destination)
    park = _call_verb(verbs, "park", "park the caller of a talk; prints the slot")
    park.epilog = (
        "If nobody fetches the caller in time, the phone of --by rings; without --by that of whoever"
        " talked with the caller."
    )
    _call_verb(verbs, "hang-up", "end a call")
    monitor = _call_verb(verbs, "monitor", "ring the phone of --by and let it hear a talk")
    monitor.add_argument("mode", choices=list(map(str, MonitorMode)))
    monitor.set_defaults(request=_plus("mode"))
    record = _call_verb(verbs, "record", "change the recording of a talk")
    record.add_argument("action", choices=list(map(str, RecordingAction)))
    record.set_defaults(request=_plus("action"))
    _agent_verbs(verbs)


def _agent_verbs(verbs: Verbs) -> None:
    calling = _verb(verbs, "call-agent", "ring the phone of --by, then the agent's")
    calling.add_argument("agent", metavar="AGENT")
    calling.set_defaults(request=_agent_request())
    _takes_by(calling)
    agent = _verb(verbs, "agent", "change an agent's state, in one queue or in all of theirs")
    agent.add_argument("agent", metavar="AGENT")
    agent.add_argument("action", choices=list(map(str, AgentAction)))
    agent.add_argument("queue", metavar="QUEUE", nargs="?")
    agent.add_argument("--reason", metavar="REASON", help="of a pause: its name or its code")
    agent.set_defaults(request=_agent_request("action", "queue", "reason"))
    _takes_by(agent)
    _takes_seen(agent)
    presence = _verb(verbs, "presence", "change an extension's presence")
    presence.add_argument("agent", metavar="AGENT")
    presence.add_argument("presence", choices=list(map(str, Presence)))
    presence.set_defaults(request=_agent_request("presence"))
    _takes_by(presence)
    _takes_seen(presence)


def destination_of(words: list[str]) -> dict[str, Any]:
    """Returns the words of a destination as the engine wants them. Raises `WrongDestination`."""
    match words:
        case ["queue" | "extension" | "voicemail" | "menu" as kind, name]:
            return {kind: name}
        case ["call-flow" | "ring-group" as kind, name]:
            return {kind.replace("-", "_"): name}
        case ["external", number, route]:
            return {"external": number, "route": route}
        case ["hang-up"]:
            return {"hang_up": HANG_UP_CAUSE}
        case ["hang-up", cause] if cause.isascii() and cause.isdecimal():
            return {"hang_up": int(cause)}
        case ["play", _, *_]:
            return {"play": words[1:]}
        case _:
            raise WrongDestination(f"{' '.join(words)!r} is no destination; write {WHERE_TO}")


def _verb(verbs: Verbs, name: str, text: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}."
    )
    verb.add_argument("--json", action="store_true", help="print the engine's answer as JSON")
    return verb


def _show(verbs: Verbs, name: str, text: str) -> None:
    _verb(verbs, name, text).set_defaults(request=lambda options: {"do": options.verb})


def _call_verb(verbs: Verbs, name: str, text: str) -> argparse.ArgumentParser:
    verb = _verb(verbs, name, text)
    verb.add_argument("call", metavar="CALL", help="the call's id, from `usher ctl calls`")
    verb.set_defaults(request=_on_call)
    _takes_by(verb)
    _takes_seen(verb)
    return verb


def _takes_by(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--by",
        default="system",
        metavar="EXTENSION",
        help="in whose name, with whose rights (default: system, which has all)",
    )


def _takes_seen(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--seen",
        type=_version,
        metavar="VERSION",
        help="refuse if it has changed since it had this version (default: take it as it is)",
    )


def _version(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r}: a version is a whole number")
    return int(text)


Request = dict[str, Any]


def _common(options: argparse.Namespace) -> Request:
    request: Request = {"do": options.verb.replace("-", "_"), "by": options.by}
    if getattr(options, "seen", None) is not None:
        request["seen"] = options.seen
    return request


def _on_call(options: argparse.Namespace) -> Request:
    return {**_common(options), "call": options.call}


def _with_destination(options: argparse.Namespace) -> Request:
    return {**_on_call(options), "to": destination_of(options.to)}


def _plus(name: str) -> Callable[[argparse.Namespace], Request]:
    return lambda options: {**_on_call(options), name: getattr(options, name)}


def _agent_request(*names: str) -> Callable[[argparse.Namespace], Request]:
    def make(options: argparse.Namespace) -> Request:
        request = {**_common(options), "agent": options.agent}
        if options.verb == "agent":
            request["do"] = "change_agent"
        given = {name: getattr(options, name) for name in names}
        return request | {name: value for name, value in given.items() if value is not None}

    return make
