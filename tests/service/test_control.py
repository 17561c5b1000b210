"""The control socket and `usher ctl`: requests in, answers out, one clear line for each mistake."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import stat

import pytest

from engine.adapters.control import ControlDoor
from engine.adapters.control.door import LINE_BYTES_MAX, VISITORS_MAX
from engine.adapters.control.wire import BadRequest, parse
from engine.cli import main
from engine.core.views import view_calls
from tests.support.asking import BOSS, make_centre
from tests.support.callback import Callbacks
from tests.support.fakes import InlineThread
from tests.support.house import House

pytestmark = [pytest.mark.service, pytest.mark.row("S-03")]


class Visit:
    """One connection to the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, line: bytes) -> dict:
        self.writer.write(line)
        return json.loads(await self.reader.readline())

    async def ask(self, **request) -> dict:
        return await self.send(json.dumps(request).encode() + b"\n")


class Open:
    """A house with its control door open."""

    def __init__(self, house: House, path) -> None:
        self.house = house
        self.path = path

    @contextlib.asynccontextmanager
    async def visit(self):
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        try:
            yield Visit(reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()


@pytest.fixture
async def door(tmp_path):
    house = House(tmp_path / "data", make_centre().policy)
    path = tmp_path / "c.sock"
    path.write_text("left by an engine that was killed")
    house.engine.add_side_task("control", ControlDoor(path, house.services, InlineThread()).run)
    async with house.running():
        yield Open(house, path)


async def test_a_call_is_shown_and_redirected(door):
    call_id = await door.house.call("6400")
    async with door.visit() as visit:
        shown = await visit.ask(do="calls")
        (call,) = shown["calls"]
        assert (call["call_id"], call["state"], call["queue_id"]) == (call_id, "waiting", "6400")
        answer = await visit.ask(
            do="redirect", call=call_id, to={"queue": "6401"}, by=BOSS, seen=call["version"]
        )
        assert answer == {"ok": True, "call": call_id, "agent": "", "detail": "6401"}
        again = await visit.ask(do="hang_up", call=call_id, by=BOSS, seen=call["version"])
        assert again["ok"] is False
        assert again["why"].startswith("changed meanwhile")
        assert (await visit.ask(do="hang_up", call=call_id))["ok"] is True


@pytest.mark.row("Q-03")
@pytest.mark.parametrize("kind", ["voicemail", "menu", "call_flow", "ring_group"])
async def test_a_call_is_not_sent_where_nothing_is(door, kind):
    call_id = await door.house.call("6400")
    async with door.visit() as visit:
        answer = await visit.ask(do="redirect", call=call_id, to={kind: "nothing"})
        assert (answer["ok"], answer["why"]) == (False, "no such destination")
        (call,) = (await visit.ask(do="calls"))["calls"]
        assert (call["state"], call["queue_id"]) == ("waiting", "6400")


async def test_agents_are_shown_and_changed(door):
    async with door.visit() as visit:
        agents = (await visit.ask(do="agents"))["agents"]
        (ann,) = [each for each in agents if each["agent_id"] == "1001"]
        assert ann["memberships"][0]["logged_in"] is True
        answer = await visit.ask(
            do="change_agent",
            agent="1001",
            action="pause",
            queue="6400",
            reason="Lunch",
            seen=ann["version"],
        )
        assert answer["ok"] is True
        assert (await visit.ask(do="presence", agent="1001", presence="away"))["ok"] is True
        assert (await visit.ask(do="call_agent", agent="1005", by="1003"))["ok"] is True
        refused = await visit.ask(do="call_agent", agent="1005")
        assert refused == {"ok": False, "why": "no extension to ring for you"}


async def test_a_pauses_reason_is_its_name_or_its_code(door):
    async def pause(visit, reason: str) -> dict:
        return await visit.ask(
            do="change_agent", agent="1001", action="pause", queue="6400", reason=reason
        )

    async def reason_now(visit) -> str:
        agents = (await visit.ask(do="agents"))["agents"]
        (ann,) = [each for each in agents if each["agent_id"] == "1001"]
        return ann["memberships"][0]["pause_reason"]

    async with door.visit() as visit:
        assert (await pause(visit, "02"))["ok"] is True
        assert await reason_now(visit) == "Break"
        assert (await pause(visit, "Lunch"))["ok"] is True
        assert await reason_now(visit) == "Lunch"
        assert await pause(visit, "2") == {
            "ok": False,
            "why": "unknown reason: '2' is neither the code nor the name of one"
            " (01 Lunch, 02 Break)",
        }
        assert await reason_now(visit) == "Lunch"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"hello\n", "expected a JSON object on one line"),
        (b"[]\n", "expected a JSON object on one line"),
        (b"\xff\n", "expected a JSON object on one line"),
        (b"[" * 5000 + b"\n", "expected a JSON object on one line"),
        (b'{"do": "dance"}\n', "request: 'do' is 'dance', not one of calls, agents, "),
        (b"{}\n", "request: 'do' is 'nothing', not one of "),
        (b'{"do": "park"}\n', "request: 'call' must be a text that is not empty"),
        (b'{"do": "park", "call": 7}\n', "request: 'call' must be a text"),
        (b'{"do": "park", "call": "c", "seen": true}\n', "request: 'seen' must be a whole"),
        (b'{"do": "park", "call": "c", "sen": 1}\n', "request: nobody knows 'sen'"),
        (b'{"do": "redirect", "call": "c"}\n', "request: 'to' must be an object"),
        (b'{"do": "redirect", "call": "c", "to": {}}\n', "to: expected one of queue,"),
        (b'{"do": "redirect", "call": "c", "to": {"queue": 6400}}\n', "to: 'queue' must be"),
        (b'{"do": "redirect", "call": "c", "to": {"hang_up": 0}}\n', "to: 'hang_up' must be"),
        (b'{"do": "redirect", "call": "c", "to": {"play": ["x"]}}\n', "to: 'play' must be"),
        (b'{"do": "redirect", "call": "c", "to": {"play": 1}}\n', "to: 'play' must be"),
        (
            b'{"do": "redirect", "call": "c", "to": {"play": ["sound:\\ud800"]}}\n',
            "to: 'play' must",
        ),
        (b'{"do": "redirect", "call": "c", "to": {"play": ["recording:x"]}}\n', "to: 'play' must"),
        (b'{"do": "redirect", "call": "c", "to": {"external": "0"}}\n', "to: 'route' must"),
        (
            b'{"do": "transfer", "call": "c", "to": {"queue": "1", "extension": "2"}}\n',
            "to: nobody knows 'extension'",
        ),
        (
            b'{"do": "monitor", "call": "c", "mode": "shout"}\n',
            "request: 'mode' is 'shout', not one of listen, whisper, barge",
        ),
    ],
)
async def test_a_request_that_makes_no_sense_is_told_why(door, line, why):
    async with door.visit() as visit:
        answer = await visit.send(line)
        assert answer["ok"] is False
        assert answer["why"].startswith(why)
        assert (await visit.ask(do="calls"))["ok"] is True, "and the next one is welcome"


async def test_only_the_owner_may_open_it(door):
    assert stat.S_IMODE(door.path.stat().st_mode) == 0o600


async def test_an_endless_line_is_cut_off(door):
    async with door.visit() as visit:
        answer = await visit.send(b"x" * (LINE_BYTES_MAX + 1000) + b"\n")
        assert answer == {"ok": False, "why": f"a request has at most {LINE_BYTES_MAX} bytes"}
        assert await visit.reader.read() == b""


async def test_there_is_a_limit_to_visitors(door):
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(VISITORS_MAX):
            visit = await stack.enter_async_context(door.visit())
            assert (await visit.ask(do="calls"))["ok"] is True
        one_more = await stack.enter_async_context(door.visit())
        answer = json.loads(await one_more.reader.readline())
        assert answer["why"].startswith("too many")
    await asyncio.sleep(0.1)
    async with door.visit() as visit:
        assert (await visit.ask(do="calls"))["ok"] is True


async def test_a_visitor_who_leaves_in_mid_sentence_harms_nobody(door):
    async with door.visit() as visit:
        visit.writer.write(b'{"do": "cal')
        await visit.writer.drain()
    async with door.visit() as visit:
        assert (await visit.ask(do="calls"))["ok"] is True


async def test_a_socket_that_cannot_be_made_is_an_alarm_and_no_more(tmp_path, caplog):
    house = House(tmp_path / "data", make_centre().policy)
    door = ControlDoor(tmp_path / ("long" * 40) / "c.sock", house.services, InlineThread())
    house.engine.add_side_task("control", door.run)
    async with house.running():
        assert house.services.calls() == ()
    (record,) = [each for each in caplog.records if getattr(each, "alarm", "") == "control_socket"]
    assert "usher ctl" in record.getMessage()


def test_optional_texts_may_be_null_but_not_empty():
    asked = parse(b'{"do": "change_agent", "agent": "1", "action": "pause", "queue": null}')
    assert asked.queue_id is None
    with pytest.raises(BadRequest, match="'queue' must be a text"):
        parse(b'{"do": "change_agent", "agent": "1", "action": "pause", "queue": ""}')


# The command.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["redirect", "c", "nowhere"], "'nowhere' is no destination; write queue NUMBER"),
        (["redirect", "c", "external", "0123"], "'external 0123' is no destination"),
        (["transfer", "c", "hang-up", "x"], "'hang-up x' is no destination"),
    ],
)
def test_a_destination_that_is_none_is_a_usage_error(arguments, words, capsys, tmp_path):
    assert main(["ctl", "--socket", str(tmp_path / "c.sock"), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_without_an_engine_it_says_what_to_do(tmp_path, capsys):
    assert main(["ctl", "--socket", str(tmp_path / "c.sock"), "calls"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("usher: ")
    assert "settings.control_socket: true" in line


def test_a_configuration_with_errors_is_said_as_ever(tmp_path, capsys):
    (tmp_path / "centre.yaml").write_text("queues: 7\n")
    assert main(["ctl", "--config", str(tmp_path), "calls"]) == 1
    assert "centre.yaml" in capsys.readouterr().err


def requests(monkeypatch, *arguments: str, answer=None) -> tuple[int, dict]:
    """What a command asks the engine, which answers with `answer`."""
    asked: list[dict] = []

    def ask(_path, request):
        asked.append(request)
        return answer or {"ok": True, "call": "", "agent": "", "detail": ""}

    monkeypatch.setattr("engine.bootstrap.commands.controlling.ask", ask)
    code = main(["ctl", "--socket", "unused", *arguments])
    return code, asked[0]


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        ("calls", {"do": "calls"}),
        ("pick-up c1 --by 1007", {"do": "pick_up", "call": "c1", "by": "1007"}),
        (
            "redirect c1 queue 6401 --by 1007 --seen 12",
            {"do": "redirect", "call": "c1", "to": {"queue": "6401"}, "by": "1007", "seen": 12},
        ),
        (
            "transfer c1 external 0123 out",
            {"do": "transfer", "call": "c1", "to": {"external": "0123", "route": "out"}},
        ),
        ("redirect c1 hang-up 17", {"do": "redirect", "call": "c1", "to": {"hang_up": 17}}),
        (
            "redirect c1 voicemail 1001",
            {"do": "redirect", "call": "c1", "to": {"voicemail": "1001"}},
        ),
        ("redirect c1 menu main", {"do": "redirect", "call": "c1", "to": {"menu": "main"}}),
        (
            "transfer c1 call-flow promo",
            {"do": "transfer", "call": "c1", "to": {"call_flow": "promo"}},
        ),
        (
            "transfer c1 ring-group desk",
            {"do": "transfer", "call": "c1", "to": {"ring_group": "desk"}},
        ),
        (
            "redirect c1 play sound:a sound:b",
            {"do": "redirect", "call": "c1", "to": {"play": ["sound:a", "sound:b"]}},
        ),
        ("park c1", {"do": "park", "call": "c1"}),
        ("hang-up c1", {"do": "hang_up", "call": "c1"}),
        ("monitor c1 barge", {"do": "monitor", "call": "c1", "mode": "barge"}),
        ("record c1 pause", {"do": "record", "call": "c1", "action": "pause"}),
        ("call-agent 1001 --by 1007", {"do": "call_agent", "agent": "1001", "by": "1007"}),
        (
            "agent 1001 pause 6400 --reason Lunch --seen 3",
            {
                "do": "change_agent",
                "agent": "1001",
                "action": "pause",
                "queue": "6400",
                "reason": "Lunch",
                "seen": 3,
            },
        ),
        ("agent 1001 log_out", {"do": "change_agent", "agent": "1001", "action": "log_out"}),
        ("presence 1001 lunch", {"do": "presence", "agent": "1001", "presence": "lunch"}),
    ],
)
def test_each_verb_is_one_request_that_the_engine_understands(arguments, request_, monkeypatch):
    code, asked = requests(monkeypatch, *arguments.split())
    assert code == 0
    expected = request_ if request_["do"] == "calls" else {"by": "system", **request_}
    assert asked == expected
    parse(json.dumps(asked).encode())


def test_tables_are_for_people_and_hide_callers_numbers(monkeypatch, capsys):
    call = dict.fromkeys(
        ["call_id", "version", "state", "queue_id", "position", "agent_id", "party", "slot"]
    )
    call |= {"call_id": "main-17.4", "version": 12, "state": "waiting", "caller_number": "0151"}
    call["source"] = "trunk"
    code, _ = requests(monkeypatch, "calls", answer={"ok": True, "calls": [call]})
    assert code == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == list(call)[:8]
    assert row.split() == ["main-17.4", "12", "waiting", "-", "-", "-", "-", "-"]


@pytest.mark.row("C-06")
def test_a_callback_is_marked(monkeypatch, capsys):
    centre = Callbacks()
    centre.requested()
    centre.dial("0170123456")
    calls = [dataclasses.asdict(each) for each in view_calls(centre.core.state)]
    answer = json.loads(json.dumps({"ok": True, "calls": calls}))
    requests(monkeypatch, "calls", answer=answer)
    _, callback, other = capsys.readouterr().out.splitlines()
    assert callback.split()[2:4] == ["(QCB)", "waiting"]
    assert "QCB" not in other


def test_agents_are_a_table_too(monkeypatch, capsys):
    member = {
        "queue_id": "6400",
        "logged_in": True,
        "paused": True,
        "pause_reason": "Lunch",
        "wrapup_until_ms": None,
    }
    others = [
        {**member, "queue_id": "6401", "paused": False},
        {**member, "queue_id": "6402", "logged_in": False},
        {**member, "queue_id": "6403", "paused": False, "wrapup_until_ms": 1},
        {**member, "queue_id": "6404", "pause_reason": None},
    ]
    agent = {
        "agent_id": "1001",
        "version": 3,
        "presence": "lunch",
        "reachable": True,
        "in_use": False,
        "memberships": [member, *others],
    }
    requests(monkeypatch, "agents", answer={"ok": True, "agents": [agent]})
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split()[:5] == ["1001", "3", "lunch", "yes", "no"]
    assert row.split()[5:] == [
        "6400:paused(Lunch)",
        "6401:in",
        "6402:out",
        "6403:wrap-up",
        "6404:paused",
    ]


def test_a_refusal_is_one_line_and_exit_code_1(monkeypatch, capsys):
    answer = {"ok": False, "why": "not allowed"}
    code, _ = requests(monkeypatch, "park", "c1", answer=answer)
    assert code == 1
    assert capsys.readouterr().err == "usher: refused: not allowed\n"
    code, _ = requests(monkeypatch, "park", "c1", "--json", answer=answer)
    assert code == 1
    assert json.loads(capsys.readouterr().out) == answer
