"""The port `LampBoard` for one Asterisk: device states `Stasis:<lamp>`, set over ARI.

Requests over the websocket are carried out one after another, calls' among them, so lamps trickle: a
few at a time, whatever their number (measured: 0.05 ms each, a thousand in 54 ms). Only the latest
state of a lamp is sent. Asterisk keeps states over its restart, but may lose the latest; so at each
connection what it says is compared, and only differences are sent.

    device state:  Stasis:*71001*6400   PUT /deviceStates/{quoted name}?deviceState=NOT_INUSE
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final
from urllib.parse import quote

from engine.adapters.ari.client import Answered
from engine.adapters.ari.requests import NOT_FOUND, AriRequest
from engine.core.inputs import DeviceState

log = logging.getLogger(__name__)

PREFIX: Final = "Stasis:"

UNANSWERED_MAX: Final = 4
"""Lamp requests under way: what a call's command has to wait for at most, about 0.2 ms."""

Ask = Callable[[AriRequest, Answered], None]


class AriLamps:
    """One node's lamps. `connected` and `disconnected` are for the connection; see the port."""

    def __init__(self, node: str) -> None:
        """Knows of no lamp."""
        self._node = node
        self._wanted: dict[str, DeviceState] = {}
        self._told: dict[str, DeviceState] = {}
        """What Asterisk shows, as far as was heard."""
        self._due: dict[str, None] = {}
        """Lamps that may differ."""
        self._ask: Ask | None = None
        self._unanswered = 0
        self.sent = 0
        """Lamps set or put out so far."""

    def show(self, lamps: Mapping[str, DeviceState]) -> None:
        """Has these lamps show these states."""
        self._wanted.update(lamps)
        self._due.update(dict.fromkeys(lamps))
        self._send()

    def show_only(self, lamps: Mapping[str, DeviceState]) -> None:
        """The same, and all others go dark."""
        gone = self._wanted.keys() - lamps.keys()
        for name in gone:
            del self._wanted[name]
        self._due.update(dict.fromkeys(sorted(gone)))
        self.show(lamps)

    def connected(self, ask: Ask) -> None:
        """Compares, and sends what differs."""
        self.disconnected()
        ask(AriRequest("GET", "deviceStates"), partial(self._compare, ask))

    def disconnected(self) -> None:
        """Keeps what is wanted for the next connection."""
        self._ask = None
        self._unanswered = 0
        self._due.clear()

    def _compare(self, ask: Ask, status: int, why: str, body: object) -> None:
        if not status:
            return  # The connection is lost.
        if status >= 300 or not isinstance(body, list):
            log.warning(
                "lamps of node %s cannot be read: %s %s; all are set", self._node, status, why
            )
            body = []
        self._told = dict(_shown(body))
        self._ask = ask
        ours = dict.fromkeys([*self._wanted, *self._told])
        self._due = {name: None for name in ours if self._told.get(name) != self._wanted.get(name)}
        self._send()

    def _send(self) -> None:
        while self._ask is not None and self._due and self._unanswered < UNANSWERED_MAX:
            name = next(iter(self._due))
            del self._due[name]
            state = self._wanted.get(name)
            if state == self._told.get(name):
                continue
            uri = f"deviceStates/{quote(PREFIX + name, safe='')}"
            if state is None:
                self._told.pop(name, None)
                request = AriRequest("DELETE", uri, tolerated=(NOT_FOUND,))
            else:
                self._told[name] = state
                request = AriRequest("PUT", uri, {"deviceState": state.value.upper()})
            self._unanswered += 1
            self.sent += 1
            self._ask(request, partial(self._answered, self._ask, name, request))

    def _answered(
        self, ask: Ask, name: str, request: AriRequest, status: int, why: str, _body: object
    ) -> None:
        if ask is not self._ask:
            return  # An answer, or a failure, of a connection that is over.
        self._unanswered -= 1
        if status >= 300 and status not in request.tolerated:
            self._told.pop(name, None)
            log.warning("a lamp of node %s was refused: %s: %s %s", self._node, name, status, why)
        self._send()


def _shown(body: list[object]) -> list[tuple[str, DeviceState]]:
    """Returns what Asterisk says of our lamps; what makes no sense is as if it were not there."""
    shown = []
    for each in body:
        if not isinstance(each, dict):
            continue
        name, state = each.get("name"), each.get("state")
        if isinstance(name, str) and isinstance(state, str) and name.startswith(PREFIX):
            known = state.lower() in DeviceState.__members__.values()
            said = DeviceState(state.lower()) if known else DeviceState.UNKNOWN
            shown.append((name.removeprefix(PREFIX), said))
    return shown
