"""Which phones of a node can be reached and what they are doing, kept up to date."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from engine.adapters.ami.connection import AmiAddress, AmiConnection
from engine.adapters.ami.decode import (
    Booted,
    DeviceSaid,
    Meaningless,
    PeerSaid,
    PhonesReloaded,
    Unasked,
    decode_endpoint,
    decode_event,
)
from engine.adapters.ami.errors import AmiError, AmiLoginRefused, AmiRefused
from engine.adapters.ami.picture import Picture
from engine.app.ports import ReloadFailed
from engine.core.ids import EndpointName, NodeId
from engine.core.inputs import Input

log = logging.getLogger(__name__)

BOOT_TIMEOUT_MS: Final = 120_000
"""How long an Asterisk that lets us in may take to load its modules."""
RELOAD_TIMEOUT_MS: Final = 30_000
"""Asterisk answers when it has read everything; thousands of phones take seconds."""
RETRY_FIRST_MS: Final = 500
RETRY_LAST_MS: Final = 10_000
REFUSED_RETRY_FIRST_MS: Final = 5_000
"""A refused log-in needs a human, and hasty repeats would get us banned by a watchful firewall."""
REFUSED_RETRY_LAST_MS: Final = 60_000
NONSENSE_KINDS_MAX: Final = 200
"""Kinds counted apart; more than that is noise, counted together."""

_EVENTS: Final = (
    # (event, header to look at, what it starts with); evaluated in Asterisk, by hash of the name.
    ("FullyBooted", None, ""),
    ("Shutdown", None, ""),
    ("Reload", None, ""),
    ("PeerStatus", "Peer", "PJSIP/"),
    ("DeviceStateChange", "Device", "PJSIP/"),
)
_CLASSES: Final = "system,call"
_BOOTED: Final = (
    "FullyBooted (modules are still loading, or the manager account lacks read = system,call)"
)
_DEVICE_STATE_MODULE: Final = "res_manager_devicestate"
"""Without it Asterisk sends no DeviceStateChange and says nothing about it."""


class AmiPresence:
    """Implements the ports `Presence` and `Reloader` for one node, through its manager interface.

    On every connection it first posts `PhoneReachable` and `PhoneDevice` for each endpoint that
    Asterisk has (and for each that it had and has no more), then what changes, also by a reload of
    Asterisk's configuration. While it is disconnected nothing is posted: what Asterisk did not
    say, nobody knows.

    It needs a manager account with `read = system,call` and `write = system`, and the module
    `res_manager_devicestate.so`.

    Args:
        node: the node's name, put into all inputs.
        host: its manager interface,
        port: and TCP port.
        user: the manager account,
        secret: and its secret; never sent, never logged.
        post: takes the inputs.
        timeout_ms: for connecting and for each answer.
        ping_interval_ms: a dead line is noticed after this time and `timeout_ms`.
    """

    def __init__(  # noqa: PLR0913 - an address and a post are what they are
        self,
        node: NodeId,
        host: str,
        port: int,
        user: str,
        secret: str,
        post: Callable[[Input], None],
        *,
        timeout_ms: int = 5_000,
        ping_interval_ms: int = 10_000,
    ) -> None:
        """Connects nothing yet; see `run`."""
        self._node = node
        self._address = AmiAddress(host, port, user, secret, timeout_ms)
        self._post = post
        self._ping_interval_s = ping_interval_ms / 1_000
        self._picture = Picture(node)
        self._connection: AmiConnection | None = None
        self.nonsense: Counter[str] = Counter()
        """How often messages of each kind made no sense or were not asked for."""
        self.connections = 0
        """How often the full picture has been posted."""

    async def run(self) -> None:
        """Connects and stays connected until cancelled. May be called again after that."""
        told = ""
        failures = 0
        while True:
            before = self.connections
            error = await self._one_connection()
            if self.connections != before:
                told, failures = "", 0
            failures += 1
            pause_ms = retry_ms(failures, refused=isinstance(error, AmiLoginRefused))
            # Once, not at every try: a node that is down for an hour must not fill the log.
            log.log(
                logging.DEBUG if str(error) == told else logging.WARNING,
                "node %s: phones are not watched: %s; next try in %d ms, then on and on",
                self._node,
                error,
                pause_ms,
            )
            told = str(error)
            await asyncio.sleep(pause_ms / 1_000)

    async def reload_module(self, module: str) -> None:
        """Has Asterisk read a module's configuration again; implements `Reloader`.

        Raises:
            ReloadFailed: Asterisk refused, or is out of reach.
        """
        if self._connection is None:
            raise ReloadFailed(f"node {self._node}: no AMI connection to {self._address.place}")
        try:
            await self._connection.ask("Reload", timeout_ms=RELOAD_TIMEOUT_MS, Module=module)
        except AmiError as error:
            raise ReloadFailed(f"node {self._node}: {module}: {error}") from None

    async def _one_connection(self) -> AmiError:
        """Returns why the connection could not be made or is over."""
        heard = _Heard(self._change, self._note_nonsense)
        connection = AmiConnection(self._address, heard.take, self._note_nonsense)
        try:
            await connection.open()
            # Before that, Asterisk does not know the action that lists phones.
            await connection.until(heard.booted, BOOT_TIMEOUT_MS / 1_000, _BOOTED)
            await _ask_for_events(connection)
            self._post_all(self._picture.redraw(await self._endpoints(connection)))
            self._connected()
            heard.go_live()
            self._connection = connection
            await self._ask_after_absent(connection)
            while True:
                await connection.wait(heard.reloaded, self._ping_interval_s)
                if heard.reloaded.done():
                    heard.reloaded = asyncio.get_running_loop().create_future()
                    heard.hold()  # What comes while we wait is newer than the list.
                    self._post_all(self._picture.compare(await self._endpoints(connection)))
                    heard.go_live()
                else:
                    await connection.ask("Ping")
        except AmiError as error:
            return error
        finally:
            self._connection = None
            connection.close()

    async def _ask_after_absent(self, connection: AmiConnection) -> None:
        """Has Asterisk ask all absent phones whether they are there.

        It keeps contacts over its restart, but counts them as away until it has asked each, which it
        spreads over the qualify interval: half a minute in which nobody would be rung.
        """
        for endpoint in self._picture.absent():
            try:
                await connection.ask("PJSIPQualify", Endpoint=endpoint)
            except AmiRefused as error:  # For example one that has no contacts at all.
                log.debug("node %s: %s was not asked after: %s", self._node, endpoint, error)

    async def _endpoints(self, connection: AmiConnection) -> list[DeviceSaid]:
        seen = []
        for row in await connection.ask("PJSIPShowEndpoints"):
            if row.get("Event") == "EndpointList":
                said = decode_endpoint(row)
                if isinstance(said, DeviceSaid):
                    seen.append(said)
                else:
                    self._note_nonsense(said.kind)
        return seen

    def _connected(self) -> None:
        self.connections += 1
        log.info(
            "node %s: watching the phones through AMI at %s: %d endpoints, %d reachable",
            self._node,
            self._address.place,
            len(self._picture),
            self._picture.reachable_count(),
        )

    def _change(self, said: PeerSaid | DeviceSaid) -> None:
        self._post_all(self._picture.change(said))

    def _post_all(self, inputs: list[Input]) -> None:
        for happened in inputs:
            self._post(happened)

    def _note_nonsense(self, kind: str, level: int = logging.WARNING) -> None:
        if kind not in self.nonsense and len(self.nonsense) >= NONSENSE_KINDS_MAX:
            kind = "other kinds"
        self.nonsense[kind] += 1
        if self.nonsense[kind] == 1:
            log.log(level, "node %s: AMI message of no use: %s (logged once)", self._node, kind)


class _Heard:
    """What the events of one connection said so far."""

    def __init__(
        self, change: Callable[[PeerSaid | DeviceSaid], None], note: Callable[[str, int], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        self.booted: asyncio.Future[None] = loop.create_future()
        self.reloaded: asyncio.Future[None] = loop.create_future()
        self._change = change
        self._note = note
        self._live = False
        self._early: dict[tuple[type, EndpointName], PeerSaid | DeviceSaid] = {}

    def take(self, message: Any) -> None:  # noqa: ANN401 - panoramisk has no types
        """Takes one event; called by the connection."""
        match decode_event(message):
            case PeerSaid() | DeviceSaid() as said:
                if self._live:
                    self._change(said)
                else:  # Of each endpoint only the latest matters, so this cannot grow for ever.
                    self._early[type(said), said.endpoint] = said
            case Booted():
                _mark(self.booted)
            case PhonesReloaded():
                _mark(self.reloaded)
            case Meaningless(kind):
                self._note(kind, logging.WARNING)
            case Unasked(kind):
                if self._live:  # Before that, no filters are set.
                    self._note(kind, logging.INFO)

    def hold(self) -> None:
        """A new picture is on its way: keeps what changes until it is there."""
        self._live = False

    def go_live(self) -> None:
        """The full picture is posted: passes on what changed meanwhile, and from now on all."""
        self._live = True
        early, self._early = self._early, {}
        for said in early.values():
            self._change(said)


def _mark(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def retry_ms(failures: int, *, refused: bool) -> int:
    """Returns the pause before the next try, after so many failures in a row (1 or more)."""
    first, last = (
        (REFUSED_RETRY_FIRST_MS, REFUSED_RETRY_LAST_MS)
        if refused
        else (RETRY_FIRST_MS, RETRY_LAST_MS)
    )
    return min(last, first << min(failures - 1, 30))


async def _ask_for_events(connection: AmiConnection) -> None:
    """Lets Asterisk send our few events only: a busy system has thousands of others a second."""
    for event, header, start in _EVENTS:
        criteria = f"action(include),name({event})"
        if header is None:
            await connection.ask("Filter", Operation="Add", MatchCriteria=criteria)
        else:
            criteria += f",header({header}),method(starts_with)"
            await connection.ask("Filter", Operation="Add", MatchCriteria=criteria, Filter=start)
    await connection.ask("Events", EventMask=_CLASSES)
    try:
        await connection.ask("ModuleCheck", Module=_DEVICE_STATE_MODULE)
    except AmiRefused as error:
        # Half a picture (phones that come back but stay unavailable) is worse than none.
        raise AmiRefused(
            f"{error}: load {_DEVICE_STATE_MODULE}.so (modules.conf), it sends the device states"
        ) from None
