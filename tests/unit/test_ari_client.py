"""Requests and answers: matched, bounded, each with a deadline, each answered exactly once."""

from __future__ import annotations

import asyncio
import json

import pytest

import engine.adapters.ari.client as client_module
from engine.adapters.ari.client import ANSWER_S, AriClient
from engine.adapters.ari.requests import AriRequest

pytestmark = pytest.mark.unit

GET = AriRequest("GET", "channels")


class Wire:
    def __init__(self):
        self.written = []
        self.broken = False

    def write(self, text):
        if self.broken:
            raise ConnectionResetError("gone")
        self.written.append(json.loads(text))


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
async def client(wire):
    made = AriClient(wire.write, asyncio.get_running_loop())
    yield made
    made.close()


def answer(request_id, status=200, body=None, **fields):
    message = {"type": "RESTResponse", "request_id": request_id, "status_code": status, **fields}
    return message if body is None else {**message, "message_body": body}


async def test_answers_find_their_request_in_any_order(client, wire):
    answers = []
    for name in "abc":
        client.ask(GET, lambda *told, name=name: answers.append((name, *told)))
    assert [each["request_id"] for each in wire.written] == ["1", "2", "3"]
    assert client.unanswered == 3
    assert client.take_answer(answer("2", body="[1]", reason_phrase="OK"))
    assert client.take_answer(answer("1", 404, body='{"message":"Channel not found"}'))
    assert client.take_answer(answer("3", 500, body='{"error":"Allocation failed"}'))
    assert answers == [
        ("b", 200, "OK", [1]),
        ("a", 404, "Channel not found", {"message": "Channel not found"}),
        ("c", 500, "Allocation failed", {"error": "Allocation failed"}),
    ]
    assert client.unanswered == 0


@pytest.mark.parametrize(
    "message",
    [
        answer("1"),
        answer(1),
        answer(None),
        answer(["1"]),
        {"type": "RESTResponse"},
    ],
)
async def test_an_answer_that_nobody_waits_for(client, message):
    assert not client.take_answer(message)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"status_code": "200"}, (0, "None", None)),
        ({"message_body": "no json"}, (200, "None", None)),
        ({"message_body": "[" * 100_000}, (200, "None", None)),
        ({"message_body": 7}, (200, "None", None)),
        ({"message_body": ""}, (200, "None", None)),
        ({"message_body": '{"message": ["x"]}'}, (200, "['x']", {"message": ["x"]})),
        ({"reason_phrase": None, "message_body": "{}"}, (200, "None", {})),
    ],
)
async def test_an_answer_in_a_strange_form_is_an_answer(client, fields, told):
    answers = []
    client.ask(GET, lambda *each: answers.append(each))
    client.take_answer({**answer("1"), **fields})
    assert answers == [told]


async def test_what_is_overdue_fails_in_order_and_is_not_answered_twice(client):
    loop, answers = asyncio.get_running_loop(), []
    begin = loop.time()

    def note(name):
        return lambda status, why, _: answers.append((name, loop.time() - begin, status, why))

    client.ask(GET, note("a"))
    await asyncio.sleep(4)
    client.ask(GET, note("b"))
    client.ask(GET, note("c"))
    client.take_answer(answer("2"))
    await client.wait_idle()
    why = "no answer within 10 s"
    assert [(name, round(at_s, 3), status) for name, at_s, status, _ in answers] == [
        ("b", 4, 200),
        ("a", ANSWER_S, 0),
        ("c", 4 + ANSWER_S, 0),
    ]
    assert [told for *_, told in answers[1:]] == [why, why]
    assert not client.take_answer(answer("1"))
    assert len(answers) == 3


async def test_too_many_unanswered_fail_with_a_reason(client, wire, monkeypatch):
    monkeypatch.setattr(client_module, "UNANSWERED_MAX", 2)
    answers = []
    for _ in range(3):
        client.ask(GET, lambda *told: answers.append(told))
    assert answers == []  # Never within the call.
    await asyncio.sleep(0)
    assert answers == [(0, "2 requests are unanswered: Asterisk is overloaded or stuck", None)]
    assert len(wire.written) == 2


async def test_closing_fails_all_and_what_comes_after(client):
    answers = []
    client.ask(GET, lambda *told: answers.append(told))
    client.close()
    assert answers == [(0, "connection lost", None)]
    client.ask(GET, lambda *told: answers.append(told))
    await asyncio.sleep(0)
    assert answers[1:] == [(0, "not connected", None)]
    await client.wait_idle()


async def test_a_broken_wire_fails_the_request(client, wire):
    answers = []
    wire.broken = True
    client.ask(GET, lambda *told: answers.append(told))
    await asyncio.sleep(0)
    assert answers == [(0, "connection lost", None)]
    assert client.unanswered == 0


async def test_idle_means_answered(client):
    client.ask(GET, lambda *_: None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await client.wait_idle()
    client.take_answer(answer("1"))
    await client.wait_idle()
