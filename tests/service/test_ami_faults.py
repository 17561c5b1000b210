"""The AMI adapter against an Asterisk that refuses, hangs, dies or talks nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket

import pytest

import engine.adapters.ami.presence as ami_presence
from engine.adapters.ami import AmiPresence
from engine.adapters.ami.connection import AmiAddress, AmiConnection
from engine.adapters.ami.errors import (
    AmiClosed,
    AmiLoginRefused,
    AmiRefused,
    AmiTimeout,
    AmiUnreachable,
)
from engine.adapters.ami.protocol import MESSAGE_BYTES_MAX
from engine.app.ports import ReloadFailed
from engine.core.inputs import DeviceState, PhoneDevice, PhoneReachable
from tests.support.ami_server import AmiServer

pytestmark = [pytest.mark.service, pytest.mark.real_time]


@pytest.fixture
async def server():
    async with AmiServer() as made:
        made.add("100")
        yield made


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    for name in ("RETRY_FIRST_MS", "RETRY_LAST_MS", "REFUSED_RETRY_FIRST_MS"):
        monkeypatch.setattr(ami_presence, name, 1)
    monkeypatch.setattr(ami_presence, "REFUSED_RETRY_LAST_MS", 1)


def address(server, **changes):
    values = {"host": "127.0.0.1", "port": server.port, "user": "usher", "secret": "s3cret"}
    return AmiAddress(**(values | {"timeout_ms": 2_000} | changes))


def connection(server, **changes):
    return AmiConnection(address(server, **changes), lambda event: None, lambda kind: None)


class Inbox:
    def __init__(self):
        self.inputs = []
        self.news = asyncio.Event()

    def __call__(self, happened):
        self.inputs.append(happened)
        self.news.set()

    async def until(self, expected):
        while expected not in self.inputs:
            self.news.clear()
            await self.news.wait()


@contextlib.asynccontextmanager
async def watching(server, inbox, **changes):
    presence = AmiPresence("n", "127.0.0.1", server.port, "usher", "s3cret", inbox, **changes)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(presence.run())
        try:
            yield presence
        finally:
            task.cancel()


IDLE = PhoneDevice("n", "100", DeviceState.NOT_INUSE)
BUSY = PhoneDevice("n", "100", DeviceState.INUSE)


class TestConnection:
    async def test_nothing_is_sent_before_the_connection_stands(self, server):
        with pytest.raises(AmiClosed, match="not connected yet"):
            await connection(server).ask("Ping")

    async def test_nothing_is_sent_after_it_was_closed(self, server):
        made = connection(server)
        await made.open()
        made.close()
        with pytest.raises(AmiClosed, match="closed by us"):
            await made.ask("Ping")

    async def test_the_secret_is_never_sent(self, server):
        made = connection(server)
        await made.open()
        made.close()
        assert [action["Action"] for action in server.actions] == ["Challenge", "Login"]
        assert "s3cret" not in repr(server.actions)

    async def test_a_wrong_secret_says_what_to_check_and_not_the_secret(self, server):
        made = connection(server, secret="guess")
        with pytest.raises(
            AmiLoginRefused, match=r"refuses the manager user 'usher'.*manager.conf"
        ) as e:
            await made.open()
        made.close()
        assert "guess" not in str(e.value)
        assert "guess" not in repr(address(server, secret="guess"))

    async def test_nobody_there(self):
        server = AmiServer()
        await server.listen()
        await server.stop()
        with pytest.raises(AmiUnreachable, match=rf"127.0.0.1:{server.port}: Connection refused"):
            await connection(server).open()

    async def test_something_else_is_listening(self, server):
        server.banner = b"SSH-2.0-OpenSSH_9.2\r\n"
        with pytest.raises(AmiClosed, match="not Asterisk's manager interface"):
            await connection(server).open()

    async def test_nobody_takes_the_connection(self):
        """A full backlog, or a firewall that drops: no answer at all."""
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):
                made = AmiConnection(
                    AmiAddress("127.0.0.1", port, "usher", "s3cret", timeout_ms=50),
                    lambda event: None,
                    lambda kind: None,
                )
                with pytest.raises(AmiUnreachable, match=f"127.0.0.1:{port} in time"):
                    await made.open()

    async def test_an_action_that_is_refused(self, server):
        made = connection(server)
        await made.open()
        server.refuse.add("Filter")
        with pytest.raises(AmiRefused, match="Filter: Permission denied"):
            await made.ask("Filter", Operation="Add", MatchCriteria="name(X)")
        await made.ask("Ping")  # It lives on.
        made.close()

    async def test_no_answer_ends_the_connection(self, server):
        made = connection(server, timeout_ms=30)
        await made.open()
        server.mute.add("Ping")
        with pytest.raises(AmiTimeout, match=r"Ping within 0.03 s"):
            await made.ask("Ping")
        with pytest.raises(AmiClosed):
            await made.ask("Ping")

    async def test_a_cut_ends_an_action_that_waits(self, server):
        made = connection(server)
        await made.open()
        server.mute.add("Ping")
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(_outcome(made.ask("Ping")))
            await server.until(lambda: server.actions[-1]["Action"] == "Ping")
            server.cut()
        assert isinstance(asked.result(), AmiClosed)

    async def test_a_line_break_cannot_smuggle_in_an_action(self, server):
        made = connection(server, user="usher\r\nAction: Originate")
        with pytest.raises(ValueError, match="line break in header Username"):
            await made.open()
        made.close()


async def _outcome(awaitable):
    try:
        return await awaitable
    except AmiClosed as error:
        return error


class TestPresence:
    async def test_it_waits_for_an_asterisk_that_is_still_loading_modules(self, server):
        server.booted = False
        inbox = Inbox()
        async with watching(server, inbox):
            await server.until(
                lambda: server.actions[-1:] and server.actions[-1]["Action"] == "Login"
            )
            assert not inbox.inputs
            server.boot()
            await inbox.until(IDLE)

    async def test_an_asterisk_that_never_says_it_is_up_may_lack_rights(
        self, server, caplog, monkeypatch
    ):
        """Without read = system Asterisk keeps FullyBooted to itself (seen on 22.10)."""
        monkeypatch.setattr(ami_presence, "BOOT_TIMEOUT_MS", 5)
        server.booted = False
        async with watching(server, Inbox()):
            await server.until(lambda: sum(a["Action"] == "Login" for a in server.actions) == 2)
        assert "the manager account lacks read = system,call" in caplog.text

    async def test_asterisk_sends_only_what_was_asked_for(self, server):
        inbox = Inbox()
        async with watching(server, inbox):
            await inbox.until(IDLE)
        filters = [a for a in server.actions if a["Action"] == "Filter"]
        assert [(a["MatchCriteria"], a.get("Filter")) for a in filters] == [
            ("action(include),name(FullyBooted)", None),
            ("action(include),name(Shutdown)", None),
            ("action(include),name(Reload)", None),
            ("action(include),name(PeerStatus),header(Peer),method(starts_with)", "PJSIP/"),
            (
                "action(include),name(DeviceStateChange),header(Device),method(starts_with)",
                "PJSIP/",
            ),
        ]
        masks = [a["EventMask"] for a in server.actions if a["Action"] == "Events"]
        assert masks == ["system,call"]

    async def test_nothing_is_sent_again_after_a_reconnect(self, server):
        """panoramisk 1.4 would send an unanswered action again on its own."""
        inbox = Inbox()
        async with watching(server, inbox, ping_interval_ms=5):
            await inbox.until(IDLE)
            server.mute.add("Ping")
            await server.until(lambda: server.actions[-1]["Action"] == "Ping")
            waiting = server.actions[-1]["ActionID"]
            inbox.inputs.clear()
            server.mute.clear()
            server.cut()
            await inbox.until(IDLE)
            await server.until(lambda: server.actions[-1]["Action"] == "Ping")
        assert [a["ActionID"] for a in server.actions].count(waiting) == 1

    async def test_a_dead_line_is_noticed(self, server):
        """Half-open TCP: Asterisk's machine is gone, no packet says so."""
        inbox = Inbox()
        async with watching(server, inbox, timeout_ms=50, ping_interval_ms=5):
            await inbox.until(IDLE)
            server.mute.add("Ping")
            inbox.inputs.clear()
            await inbox.until(IDLE)

    async def test_asterisk_shuts_down_and_comes_back(self, server, caplog):
        inbox = Inbox()
        async with watching(server, inbox):
            await inbox.until(IDLE)
            inbox.inputs.clear()
            server.shut_down()
            await inbox.until(IDLE)
        assert "Asterisk is shutting down" in caplog.text

    async def test_changes_during_the_listing_come_after_it(self, server):
        server.mute.add("PJSIPShowEndpoints")
        inbox = Inbox()
        async with watching(server, inbox):
            asks = lambda: [a for a in server.actions if a["Action"] == "PJSIPShowEndpoints"]  # noqa: E731
            await server.until(asks)
            listing = {"ActionID": asks()[0]["ActionID"]}
            session = server._sessions[0]
            server.device("100", DeviceState.INUSE)
            server.phones["100"].busy_with = None  # The row is older than the event.
            server._do_pjsipshowendpoints(session, listing, f"ActionID: {listing['ActionID']}")
            await inbox.until(BUSY)
        assert inbox.inputs[1:] == [IDLE, BUSY]

    async def test_nonsense_is_counted_and_logged_once(self, server, caplog):
        caplog.set_level(logging.INFO)
        inbox = Inbox()
        async with watching(server, inbox) as presence:
            await inbox.until(IDLE)
            for _ in range(3):
                server.send_raw(b"complete rubbish\r\n\r\n\r\n\r\n: \r\n\r\n")
                server.send_raw(
                    b"\x00\xff\xfe: \xc3\r\n\r\nResponse: Success\r\nActionID: nobody\r\n\r\n"
                )
                server.send_raw(b"Event: PeerStatus\r\nPeer: PJSIP/100\r\n\r\n")
                server.send_raw(b"Event: A\r\nEvent: B\r\nActionID: x\r\nActionID: y\r\n\r\n")
                server.send_raw(b"Event: Hangup\r\nCallerIDNum: 0401234567\r\n\r\n")
            server.device("100", DeviceState.INUSE)
            await inbox.until(BUSY)
        assert presence.nonsense == {
            "message that is neither event nor response": 9,
            "PeerStatus with PeerStatus missing": 3,
            "message with more than one event header": 3,
            "event 'Hangup'": 3,
        }
        logged = [r.getMessage() for r in caplog.records if "of no use" in r.getMessage()]
        assert len(logged) == 4
        assert "0401234567" not in caplog.text

    async def test_kinds_of_nonsense_are_limited(self, server):
        inbox = Inbox()
        async with watching(server, inbox) as presence:
            await inbox.until(IDLE)
            for number in range(300):
                server.send_raw(f"Event: Odd{number}\r\n\r\n".encode())
            server.device("100", DeviceState.INUSE)
            await inbox.until(BUSY)
        assert len(presence.nonsense) == ami_presence.NONSENSE_KINDS_MAX + 1
        assert presence.nonsense["other kinds"] == 100

    async def test_a_message_without_end_ends_the_connection(self, server, caplog):
        inbox = Inbox()
        async with watching(server, inbox):
            await inbox.until(IDLE)
            inbox.inputs.clear()
            server.send_raw(b"x" * (MESSAGE_BYTES_MAX + 1))
            await inbox.until(IDLE)
        assert "longer than" in caplog.text

    async def test_messages_cut_at_any_byte_are_put_together(self, server):
        """Also in the middle of a character."""
        inbox = Inbox()
        async with watching(server, inbox) as presence:
            await inbox.until(IDLE)
            text = "Event: DeviceStateChange\r\nNote: blåbær\r\nDevice: PJSIP/100\r\nState: INUSE\r\n\r\n"
            for byte in text.encode():
                server.send_raw(bytes([byte]))
                await asyncio.sleep(0)
            await inbox.until(BUSY)
        assert not presence.nonsense

    async def test_a_refused_log_in_is_logged_once_without_the_secret(self, server, caplog):
        caplog.set_level(logging.DEBUG)
        server.secret = "another"
        async with watching(server, Inbox()):
            await server.until(lambda: len(server.actions) >= 8)
        warnings = [r for r in caplog.records if r.levelno >= logging.WARNING]
        assert len(warnings) == 1
        assert "refuses the manager user 'usher'" in warnings[0].getMessage()
        assert "s3cret" not in caplog.text

    async def test_an_action_refused_for_lack_of_rights_is_said(self, server, caplog):
        server.refuse.add("PJSIPShowEndpoints")
        async with watching(server, Inbox()):
            await server.until(
                lambda: server.actions[-1:] and server.actions[-1]["Action"] == "PJSIPShowEndpoints"
            )
            await server.until(lambda: server.actions[-1]["Action"] == "Challenge")
        assert "AMI action PJSIPShowEndpoints: Permission denied" in caplog.text

    async def test_an_asterisk_that_would_keep_device_states_to_itself_is_refused(
        self, server, caplog
    ):
        """Seen on 22.10: without this module DeviceStateChange never comes, and nothing says so."""
        server.modules.clear()
        inbox = Inbox()
        async with watching(server, inbox):
            await server.until(lambda: any(a["Action"] == "ModuleCheck" for a in server.actions))
            await server.until(lambda: server.actions[-1]["Action"] == "Challenge")
            assert not inbox.inputs
            server.modules.add("res_manager_devicestate")
            await inbox.until(IDLE)
        assert "Module not loaded: load res_manager_devicestate.so" in caplog.text

    async def test_a_fault_of_whoever_takes_the_inputs_is_not_swallowed(self, server):
        drawn = asyncio.Event()

        def broken(happened):
            drawn.set()
            if happened == BUSY:
                raise RuntimeError("inbox is broken")

        presence = AmiPresence("n", "127.0.0.1", server.port, "usher", "s3cret", broken)
        async with asyncio.TaskGroup() as group:
            ended = group.create_task(_fault(presence.run()))
            await drawn.wait()
            server.device("100", DeviceState.INUSE)
        assert str(ended.result()) == "inbox is broken"

    async def test_a_row_that_makes_no_sense_costs_that_phone_only(self, server):
        server.phones["200"] = type(server.phones["100"])(contact=True)
        server.spelt[DeviceState.RINGING] = "Yodelling"
        server.phones["200"].busy_with = DeviceState.RINGING
        inbox = Inbox()
        async with watching(server, inbox) as presence:
            await inbox.until(IDLE)
        assert {each.endpoint for each in inbox.inputs} == {"100"}
        assert presence.nonsense == {"EndpointList with DeviceState 'Yodelling'": 1}

    async def test_cancelling_leaves_nothing_behind(self, server):
        """Whatever it waits for: the log-in, the boot, the list, the ping."""
        for mute in ("Challenge", "Login", "Filter", "PJSIPShowEndpoints", "Ping"):
            server.mute = {mute}
            asks = sum(a["Action"] == mute for a in server.actions)
            async with watching(server, Inbox(), ping_interval_ms=1):
                await server.until(lambda: sum(a["Action"] == mute for a in server.actions) > asks)  # noqa: B023
            await server.until(lambda: not server.connections)
            assert asyncio.all_tasks() - {asyncio.current_task()} - server._handlers == set()


class TestReload:
    async def test_asterisk_is_told_which_module(self, server):
        inbox = Inbox()
        async with watching(server, inbox) as presence:
            await inbox.until(IDLE)
            await server.until(lambda: server.actions[-1]["Action"] == "PJSIPShowEndpoints")
            await presence.reload_module("pbx_config.so")
            assert server.actions[-1]["Module"] == "pbx_config.so"

    async def test_a_refusal_says_which_node_and_module(self, server):
        inbox = Inbox()
        async with watching(server, inbox) as presence:
            await inbox.until(IDLE)
            with pytest.raises(ReloadFailed, match=r"node n: nosuch.so: .*No such module"):
                await presence.reload_module("nosuch.so")

    async def test_without_a_connection_it_fails_at_once(self, server):
        presence = AmiPresence("n", "127.0.0.1", server.port, "usher", "s3cret", Inbox())
        with pytest.raises(ReloadFailed, match="no AMI connection"):
            await presence.reload_module("pbx_config.so")

    async def test_a_long_reload_is_no_dead_line(self, server):
        """Asterisk answers nothing else meanwhile; pings wait, and do not count as late."""
        server.mute.add("Reload")
        inbox = Inbox()
        async with watching(server, inbox, ping_interval_ms=1, timeout_ms=30) as presence:
            await inbox.until(IDLE)
            await server.until(lambda: server.actions[-1]["Action"] == "Ping")
            async with asyncio.TaskGroup() as group:
                group.create_task(presence.reload_module("res_pjsip.so"))
                await server.until(lambda: server.actions[-1]["Action"] == "Reload")
                count = len(server.actions)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):  # Longer than three time-outs for a ping.
                        await server.until(lambda: len(server.actions) > count)
                action = server.actions[-1]
                server._do_reload(server._sessions[0], action, f"ActionID: {action['ActionID']}")
            await server.until(lambda: server.actions[-1]["Action"] == "Ping")
        assert presence.connections == 1

    async def test_a_reload_by_hand_shows_new_phones_and_missing_ones(self, server):
        inbox = Inbox()
        async with watching(server, inbox) as presence:
            await inbox.until(IDLE)
            # Without an event of their own: a static contact without qualify, a removed endpoint.
            server.phones["200"] = type(server.phones["100"])(contact=True)
            server.remove("100")
            server.reloaded("logger")
            server.reloaded("res_pjsip.so", status=2)
            server.reloaded("res_pjsip.so")
            await inbox.until(PhoneDevice("n", "100", DeviceState.INVALID))
        assert inbox.inputs[2:] == [
            PhoneReachable("n", "200", reachable=True),
            PhoneDevice("n", "200", DeviceState.NOT_INUSE),
            PhoneReachable("n", "100", reachable=False),
            PhoneDevice("n", "100", DeviceState.INVALID),
        ]
        assert presence.connections == 1

    async def test_news_that_overtake_the_list_after_a_reload_win(self, server):
        """The list is older than what comes behind it; a stale row would raise the phone again."""
        inbox = Inbox()
        async with watching(server, inbox):
            await inbox.until(IDLE)
            in_order = server._do_pjsipshowendpoints

            def list_then_leave(*arguments):
                in_order(*arguments)
                server.reach("100", reachable=False)

            server._do_pjsipshowendpoints = list_then_leave
            server.reloaded("res_pjsip.so")
            await inbox.until(PhoneDevice("n", "100", DeviceState.UNAVAILABLE))
            server.device("100", DeviceState.INUSE)
            await inbox.until(BUSY)
        assert inbox.inputs[2:] == [
            PhoneReachable("n", "100", reachable=False),
            PhoneDevice("n", "100", DeviceState.UNAVAILABLE),
            BUSY,
        ]


async def _fault(awaitable):
    try:
        await awaitable
    except RuntimeError as error:
        return error
