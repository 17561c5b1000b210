"""A caller's number is in no message about damaged state, in no replay, in no file open to others."""

from __future__ import annotations

import dataclasses
import logging
import os
import stat
import typing
from pathlib import Path

import pytest

from engine.adapters.files import FileOutbox, FileSavedState, StateDirectory
from engine.app.ports import StateDamaged
from engine.bootstrap.replay import PRIVATE, _shown
from engine.core.codec import CodecError, decode, encode
from engine.core.commands import Command
from engine.core.facts import CallStarted, Fact, SourceKind, TalkStarted
from engine.core.ids import CallId, EndpointName, LegId, NodeId
from engine.core.inputs import CallArrived, Input

pytestmark = pytest.mark.unit

NUMBER = "004930123456"
ARRIVED = CallArrived(
    CallId("c1"), NodeId("main"), EndpointName("carrier"), NUMBER, NUMBER, NUMBER, 1
)


@pytest.mark.parametrize(
    ("expected", "value", "said"),
    [
        (Input, {"t": "CallArived", "caller_number": NUMBER}, "t=CallArived"),
        (Input, {"caller_number": NUMBER}, "without t"),
        (Input, {"t": NUMBER}, "without t"),
        (Input, [NUMBER], "list"),
        (CallArrived, {"t": "CallerHungUp", "caller_number": NUMBER}, "t=CallerHungUp"),
        (CallArrived, {**encode(ARRIVED), "created_ms": NUMBER}, "created_ms: .*int.*str"),
        (CallArrived, {**encode(ARRIVED), "dialled": [NUMBER]}, "dialled: .*str.*list"),
        (list[str], NUMBER, "array.*str"),
        (dict[str, str], NUMBER, "object.*str"),
        (None, NUMBER, "null.*str"),
    ],
)
def test_what_cannot_be_decoded_is_named_but_not_told(
    expected: object, value: object, said: str
) -> None:
    with pytest.raises(CodecError, match=said) as caught:
        decode(expected, value)
    assert NUMBER not in str(caught.value)


@pytest.mark.parametrize(
    ("snapshot", "journal"),
    [
        (f'[1,{{"t":"CallArrived","caller_number":"{NUMBER}"}}]', ""),
        (None, f'[1,{{"caller_number":"{NUMBER}"}}]'),
        (None, f'{{"usher_journal":1,"epoch":"e","inputs":0}}\n["{NUMBER}",{{}}]'),
    ],
)
def test_damaged_files_are_named_but_not_quoted(
    tmp_path: Path, snapshot: str | None, journal: str
) -> None:
    whole = '{"usher_snapshot":1,"epoch":"e","inputs":0,"at_ms":1}\n{}'
    (tmp_path / "snapshot-00000001.json").write_text((snapshot or whole) + "\n")
    (tmp_path / "journal-00000001.jsonl").write_text(journal + "\n")
    saved = FileSavedState(StateDirectory(tmp_path))
    with pytest.raises(StateDamaged, match="-00000001") as caught:
        _read_all(saved)
    assert NUMBER not in str(caught.value)
    assert NUMBER not in " ".join(saved.notes)


def _read_all(saved: FileSavedState) -> None:
    for start in saved.snapshots():
        list(saved.entries(start))


def test_a_replay_shows_no_numbers_unless_asked() -> None:
    started = CallStarted(
        *(1, 1, CallId("c1"), NodeId("main"), SourceKind.TRUNK),
        *(EndpointName("carrier"), NUMBER, NUMBER, NUMBER, 1),
    )
    talk = TalkStarted(1, 1, LegId("l1"), CallId("c1"), None, None, None, NUMBER)
    for each in (ARRIVED, started, talk):
        assert NUMBER not in _shown(each, show_private=False)
        assert NUMBER in _shown(each, show_private=True)


def test_every_private_field_exists() -> None:
    kinds = [kind for union in (Input, Command, Fact) for kind in typing.get_args(union)]
    fields = {field.name for kind in kinds for field in dataclasses.fields(kind)}
    assert fields >= PRIVATE


def test_refused_facts_are_for_the_owner_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = FileOutbox(StateDirectory(tmp_path))
    mask = os.umask(0)
    try:
        outbox.refuse("e", TalkStarted(1, 1, LegId("l"), CallId("c"), None, None, None, NUMBER))
    finally:
        os.umask(mask)
    outbox.close()
    refused = tmp_path / "refused.jsonl"
    assert NUMBER in refused.read_text()
    assert stat.S_IMODE(refused.stat().st_mode) == 0o600
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
