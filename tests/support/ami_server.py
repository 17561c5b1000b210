"""A manager interface on the loopback, as Asterisk 22.10 speaks it: phones that a test can move.

It answers only what `AmiPresence` asks, checks log-ins and filters as Asterisk does, and can be told
to misbehave: to be mute, to cut the line, to send any bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass, field

from engine.core.inputs import DeviceState

CHALLENGE = "158272389"
# As EndpointList spells them.
_SPELT = {
    DeviceState.UNKNOWN: "Unknown",
    DeviceState.NOT_INUSE: "Not in use",
    DeviceState.INUSE: "In use",
    DeviceState.BUSY: "Busy",
    DeviceState.INVALID: "Invalid",
    DeviceState.UNAVAILABLE: "Unavailable",
    DeviceState.RINGING: "Ringing",
    DeviceState.RINGINUSE: "Ring+Inuse",
    DeviceState.ONHOLD: "On Hold",
}


@dataclass
class _Phone:
    contact: bool
    busy_with: DeviceState | None = None

    @property
    def device(self) -> DeviceState:
        if self.busy_with is not None:
            return self.busy_with
        return DeviceState.NOT_INUSE if self.contact else DeviceState.UNAVAILABLE


@dataclass
class _Session:
    writer: asyncio.StreamWriter
    logged_in: bool = False
    classes: str = ""
    filters: set[str] = field(default_factory=set)

    def send(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())

    def event(self, event_class: str, name: str, *headers: str) -> None:
        wanted = self.logged_in and event_class in self.classes.split(",")
        if wanted and (not self.filters or name in self.filters):
            self.send(f"Event: {name}", f"Privilege: {event_class},all", *headers)


class AmiServer:
    """Use as `async with AmiServer() as server`; then `server.port`."""

    def __init__(self, user: str = "usher", secret: str = "s3cret") -> None:
        self.user, self.secret = user, secret
        self.phones: dict[str, _Phone] = {}
        self.actions: list[dict[str, str]] = []
        self.booted = True
        self.mute: set[str] = set()  # actions that get no answer
        self.refuse: set[str] = set()  # actions that get an error
        self.spelt = dict(_SPELT)
        self.modules = {"res_manager_devicestate"}
        self.banner = b"Asterisk Call Manager/11.0.0\r\n"
        self.port = 0
        self.accepting = True
        self._sessions: list[_Session] = []
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()
        self.changed = asyncio.Condition()
        self.asked_after: list[str] = []

    async def __aenter__(self) -> AmiServer:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        if self._handlers:
            await asyncio.wait(self._handlers)

    @property
    def connections(self) -> int:
        return len(self._sessions)

    async def until(self, condition) -> None:
        async with self.changed:
            await self.changed.wait_for(condition)

    def cut(self) -> None:
        for session in self._sessions:
            session.writer.transport.abort()

    def send_raw(self, data: bytes) -> None:
        for session in self._sessions:
            session.writer.write(data)

    def boot(self) -> None:
        self.booted = True
        for session in self._sessions:
            session.event("system", "FullyBooted", "Status: Fully Booted")

    def shut_down(self) -> None:
        for session in self._sessions:
            session.event("system", "Shutdown", "Shutdown: Cleanly", "Restart: False")

    def add(self, endpoint: str, *, reachable: bool = True) -> None:
        self.phones[endpoint] = _Phone(contact=False)
        if reachable:
            self.reach(endpoint, reachable=True)
        else:
            self._say_device(endpoint)

    def remove(self, endpoint: str) -> None:
        del self.phones[endpoint]

    def reach(self, endpoint: str, *, reachable: bool) -> None:
        phone = self.phones[endpoint]
        before = phone.device
        phone.contact = reachable
        self._say_peer(endpoint)
        if phone.device != before:
            self._say_device(endpoint)

    def device(self, endpoint: str, state: DeviceState) -> None:
        self.phones[endpoint].busy_with = None if state is DeviceState.NOT_INUSE else state
        self._say_device(endpoint)

    def _say_peer(self, endpoint: str) -> None:
        status = "Reachable" if self.phones[endpoint].contact else "Unreachable"
        for session in self._sessions:
            session.event(
                *("system", "PeerStatus", "ChannelType: PJSIP"),
                *(f"Peer: PJSIP/{endpoint}", f"PeerStatus: {status}"),
            )

    def _say_device(self, endpoint: str) -> None:
        state = self.phones[endpoint].device.name
        for session in self._sessions:
            session.event(
                *("call", "DeviceStateChange"), f"Device: PJSIP/{endpoint}", f"State: {state}"
            )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        session = _Session(writer)
        self._sessions.append(session)
        try:
            if not self.accepting:
                return
            writer.write(self.banner[:5])
            await asyncio.sleep(0)
            writer.write(self.banner[5:])
            while True:
                block = await reader.readuntil(b"\r\n\r\n")
                lines = block.decode().strip().split("\r\n")
                action = dict(line.split(": ", 1) for line in lines if ": " in line)
                self._answer(session, action)
                self.actions.append(action)
                async with self.changed:
                    self.changed.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._sessions.remove(session)
            writer.transport.abort()
            self._handlers.discard(task)
            async with self.changed:
                self.changed.notify_all()

    def _answer(self, session: _Session, action: dict[str, str]) -> None:
        name, action_id = action["Action"], f"ActionID: {action['ActionID']}"
        if name in self.mute:
            return
        if name in self.refuse or not (session.logged_in or name in ("Challenge", "Login")):
            session.send("Response: Error", action_id, "Message: Permission denied")
            return
        getattr(self, f"_do_{name.lower()}")(session, action, action_id)

    def _do_challenge(self, session: _Session, action: dict[str, str], action_id: str) -> None:
        session.send("Response: Success", action_id, f"Challenge: {CHALLENGE}")

    def _do_login(self, session: _Session, action: dict[str, str], action_id: str) -> None:
        key = hashlib.md5(f"{CHALLENGE}{self.secret}".encode()).hexdigest()
        if action.get("Username") != self.user or action.get("Key") != key:
            session.send("Response: Error", action_id, "Message: Authentication failed")
            return
        session.logged_in, session.classes = True, action["Events"]
        session.send("Response: Success", action_id, "Message: Authentication accepted")
        if self.booted:
            session.send("Event: FullyBooted", "Privilege: system,all", "Status: Fully Booted")

    def _do_filter(self, session: _Session, action: dict[str, str], action_id: str) -> None:
        found = re.search(r"name\((\w+)\)", action["MatchCriteria"])
        assert found is not None
        session.filters.add(found[1])
        session.send("Response: Success", action_id, "Message: Success")

    def _do_events(self, session: _Session, action: dict[str, str], action_id: str) -> None:
        session.classes = action["EventMask"]
        session.send("Response: Success", action_id, "Events: On")

    def _do_modulecheck(self, session: _Session, action: dict[str, str], action_id: str) -> None:
        if action["Module"] in self.modules:
            session.send("Response: Success", action_id, "Version: ")
        else:
            session.send("Response: Error", action_id, "Message: Module not loaded")

    def _do_reload(self, session: _Session, action: dict[str, str], action_id: str) -> None:
        module = action["Module"]
        if module == "nosuch.so":
            session.send("Response: Error", action_id, "Message: No such module")
        else:
            session.send("Response: Success", action_id, "Message: Module Reloaded")
        self.reloaded(module, 2 if module == "nosuch.so" else 0)

    def reloaded(self, module: str, status: int = 0) -> None:
        """Says that a module was reloaded, as after a command at Asterisk's own console."""
        for session in self._sessions:
            session.event("system", "Reload", f"Module: {module}", f"Status: {status}")

    def _do_pjsipqualify(self, session: _Session, action: dict[str, str], action_id: str) -> None:
        self.asked_after.append(action["Endpoint"])
        session.send("Response: Error", action_id, "Message: No AoR contacts")

    def _do_ping(self, session: _Session, action: dict[str, str], action_id: str) -> None:
        session.send("Response: Success", action_id, "Ping: Pong", "Timestamp: 1795360879.583951")

    def _do_pjsipshowendpoints(self, session: _Session, action: dict[str, str], action_id: str):
        if not self.booted:
            session.send("Response: Error", action_id, "Message: Invalid/unknown command")
            return
        session.send("Response: Success", action_id, "EventList: start", "Message: A listing")
        for endpoint, phone in self.phones.items():
            session.send(
                *("Event: EndpointList", action_id, "ObjectType: endpoint"),
                *(f"ObjectName: {endpoint}", "Transport: ", f"Aor: {endpoint}", "Contacts: "),
                *(f"DeviceState: {self.spelt[phone.device]}", "ActiveChannels: 0"),
            )
        count = f"ListItems: {len(self.phones)}"
        session.send("Event: EndpointListComplete", action_id, "EventList: Complete", count)
