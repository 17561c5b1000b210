"""The journal, and the core that is made from it: kill -9 at every byte, damages, full disks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.adapters.files import journal as journal_module
from engine.adapters.files.directory import StateInUse
from engine.app.outputs import is_command, is_kept
from engine.app.restore import FAILURES_MAX
from engine.core.inputs import EngineStarted, Input, TimePassed
from tests.support.fakes import FullDisk
from tests.support.life import START_MS, Life, facts_in
from tests.support.scripted_core import BOOM, ScriptedCore, call, hang_up

pytestmark = pytest.mark.service


def day(inputs: int) -> list[tuple[int, Input]]:
    """A varied sequence: calls, hang-ups, time."""
    script: list[tuple[int, Input]] = []
    for number in range(inputs):
        now_ms = START_MS + 1000 * number
        match number % 4:
            case 0 | 1:
                script.append((now_ms, call(number)))
            case 2:
                script.append((now_ms, hang_up(number - 1)))
            case _:
                script.append((now_ms, TimePassed()))
    return script


def test_a_first_start_is_empty_and_says_nothing(tmp_path):
    life = Life(tmp_path)
    assert life.restored.problem is None
    assert life.core.epoch == "e1"
    assert life.saved.notes == []
    life.kill()


def test_kill_9_at_every_byte_of_the_journal(tmp_path):
    """The core that is restored is the one that handled exactly the inputs written as a whole."""
    script = day(24)
    first = Life(tmp_path / "a")
    states = [first.core.snapshot()]
    for now_ms, happened in script:
        first.take(now_ms, happened)
        states.append(first.core.snapshot())
    first.kill()
    journal = next((tmp_path / "a").glob("journal-*.jsonl"))
    data = journal.read_bytes()
    facts = facts_in(tmp_path / "a")
    assert len(facts) > 10
    seen = set()
    copy = tmp_path / "b"
    copy.mkdir()
    shutil.copy(next((tmp_path / "a").glob("snapshot-*")), copy)
    for size in range(len(data) + 1):
        (copy / journal.name).write_bytes(data[:size])
        # No outbox, as if killed before the facts were noted: they are made again.
        second = Life(copy)
        whole = max(0, data[:size].count(b"\n") - 1)
        assert second.core.snapshot() == states[whole], size
        assert second.restored.problem is None
        expected = [f for f in facts if f[1] <= states[whole]["fact_seq"]]
        assert facts_in(copy) == expected
        seen.add(whole)
        second.kill()
        for path in [*copy.glob("journal-*"), *copy.glob("outbox*")]:
            path.unlink()
        for path in sorted(copy.glob("snapshot-*"))[1:]:
            path.unlink()
    assert seen == set(range(len(script) + 1))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), segment=st.integers(3, 12))
def test_many_lives_are_one_life(tmp_path_factory, data, segment):
    """Killed again and again, with torn lines and rotations: same state, each fact exactly once."""
    script = day(60)
    path = tmp_path_factory.mktemp("lives")
    uncut = ScriptedCore("e1")
    expected = []
    for now_ms, happened in script:
        outputs = uncut.handle(now_ms, happened)
        expected.extend(("e1", o.seq) for o in outputs if not is_command(o) and is_kept(o))
    position = 0
    while position < len(script):
        life = Life(path, inputs_per_segment=segment)
        assert life.restored.problem is None
        until = position + data.draw(st.integers(1, 25))
        for now_ms, happened in script[position:until]:
            life.take(now_ms, happened)
        position = min(until, len(script))
        life.kill()
        if data.draw(st.booleans()):
            newest = max(path.glob("journal-*.jsonl"))
            with newest.open("ab") as file:
                file.write(b'[1800000000000,{"t":"Tim')  # Written before anything followed.
    last = Life(path)
    assert last.core.snapshot() == uncut.snapshot()
    assert facts_in(path) == expected
    assert len(list(path.glob("snapshot-*.json"))) <= 3
    last.kill()


def test_the_core_and_the_facts_of_an_older_snapshot_when_the_newest_is_gone_bad(tmp_path):
    first = Life(tmp_path, inputs_per_segment=5)
    for now_ms, happened in day(13):
        first.take(now_ms, happened)
    first.kill()
    state = first.core.snapshot()
    newest = max(tmp_path.glob("snapshot-*.json"))
    newest.write_bytes(newest.read_bytes()[:-40])
    second = Life(tmp_path)
    assert second.core.snapshot() == state
    assert second.restored.problem is None
    assert newest.name in second.saved.notes[0]
    second.kill()


def damage(path: Path, line: int, text: bytes) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[line] = text
    path.write_bytes(b"\n".join(lines))


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"nonsense", b"[1]", b'[1,{"t":"Nobody"}]', b'["x",{"t":"TimePassed"}]', b"\xff"],
)
def test_a_line_damaged_in_the_middle_sets_the_state_aside(tmp_path, text):
    first = Life(tmp_path)
    states = []
    for now_ms, happened in day(10):
        first.take(now_ms, happened)
        states.append(first.core.snapshot())
    first.kill()
    journal = next(tmp_path.glob("journal-*.jsonl"))
    damage(journal, 5, text)
    kept = journal.read_bytes()
    second = Life(tmp_path)
    problem = second.restored.problem
    assert problem is not None
    assert f"{journal.name}:6" in problem
    assert "e2" in problem
    assert second.core.epoch == "e2", "ids of facts are never used for something else"
    assert {**second.core.snapshot(), "epoch": "e1"} == states[3], "what is before the damage"
    (aside,) = tmp_path.glob("set-aside-*")
    assert (aside / journal.name).read_bytes() == kept
    for now_ms, happened in day(4):
        second.take(now_ms + 100_000, happened)
    second.kill()
    third = Life(tmp_path)
    assert third.restored.problem is None
    assert third.core.snapshot() == second.core.snapshot()
    third.kill()


@pytest.mark.parametrize("kind", ["snapshot", "journal"])
def test_state_of_a_newer_version_is_set_aside_with_a_clear_word(tmp_path, kind):
    first = Life(tmp_path)
    first.take(START_MS, call(1))
    first.kill()
    path = next(tmp_path.glob(f"{kind}-*"))
    path.write_bytes(
        path.read_bytes().replace(f'"usher_{kind}":1'.encode(), f'"usher_{kind}":7'.encode())
    )
    second = Life(tmp_path)
    assert second.restored.problem is not None
    assert "format 7" in second.restored.problem
    assert "reads format 1" in second.restored.problem
    assert second.core.epoch == "e2"
    assert second.core.stays == {}
    second.kill()


def test_a_core_of_another_version_is_set_aside(tmp_path):
    first = Life(tmp_path)
    first.take(START_MS, call(1))
    first.kill()
    path = next(tmp_path.glob("snapshot-*"))
    path.write_bytes(path.read_bytes().replace(b'"stays"', b'"chairs"'))
    second = Life(tmp_path)
    assert "not a scripted core" in (second.restored.problem or "")
    assert second.core.stays == {}
    second.kill()


def test_a_missing_segment_is_noticed(tmp_path):
    first = Life(tmp_path)
    for now_ms, happened in day(3):
        first.take(now_ms, happened)
    first.kill()
    for extra in range(2):
        life = Life(tmp_path)
        life.take(START_MS + 10_000 + extra, call(100 + extra))
        life.kill()
    journals = sorted(tmp_path.glob("journal-*"))
    assert len(journals) == 3
    journals[1].unlink()
    last = Life(tmp_path)
    assert "starts after input 4 of e1" in (last.restored.problem or "")
    assert last.core.epoch == "e2"
    last.kill()


def test_journals_without_any_snapshot_are_set_aside(tmp_path):
    first = Life(tmp_path)
    first.take(START_MS, call(1))
    first.kill()
    next(tmp_path.glob("snapshot-*")).unlink()
    second = Life(tmp_path)
    assert "snapshot that it starts from is missing" in (second.restored.problem or "")
    second.kill()


def test_an_input_on_which_the_core_raised_is_left_out(tmp_path):
    first = Life(tmp_path)
    first.take(START_MS, call(1))
    before = first.core.snapshot()
    with pytest.raises(RuntimeError):
        first.take(START_MS + 1, call(2, BOOM))
    first.kill()
    second = Life(tmp_path)
    assert second.restored.problem is None
    assert second.core.snapshot() == before
    second.kill()


def test_an_input_marked_as_failed_is_left_out_even_by_a_core_that_could_take_it(tmp_path):
    """The process after the failure told facts that were numbered without it."""
    first = Life(tmp_path)
    first.take(START_MS, call(1))
    before = first.core.snapshot()
    first.journal.append(START_MS + 1, call(2))
    first.journal.mark_failed()
    first.kill()
    second = Life(tmp_path)
    assert second.restored.problem is None
    assert second.core.snapshot() == before
    second.kill()


def test_killed_before_the_mark_was_written_the_input_is_left_out_all_the_same(tmp_path):
    first = Life(tmp_path)
    first.take(START_MS, call(1))
    with pytest.raises(RuntimeError):
        first.take(START_MS + 1, call(2, BOOM))
    first.kill()
    journal = next(tmp_path.glob("journal-*.jsonl"))
    journal.write_bytes(journal.read_bytes().replace(b'{"failed":true}\n', b""))
    second = Life(tmp_path)
    assert second.restored.problem is None
    assert list(second.core.stays) == ["ast1-1"], "no half of what the core did before it raised"
    assert facts_in(tmp_path) == [("e1", 1)]
    second.kill()


def test_a_crash_loop_ends_with_an_empty_core(tmp_path):
    """Otherwise systemd would start it for ever, and nobody would answer calls."""
    for number in range(FAILURES_MAX + 1):
        life = Life(tmp_path)
        assert life.restored.problem is None
        life.take(START_MS + number, EngineStarted())
        with pytest.raises(RuntimeError):
            life.take(START_MS + number, call(number, BOOM))
        life.kill()
    last = Life(tmp_path)
    assert "raised on 11 inputs" in (last.restored.problem or "")
    assert last.core.stays == {}
    last.kill()


def test_a_journal_behind_the_outbox_gives_a_new_epoch(tmp_path):
    """After a power loss the disk may have kept the facts and lost the end of the journal."""
    first = Life(tmp_path)
    for now_ms, happened in day(8):
        first.take(now_ms, happened)
    first.kill()
    journal = next(tmp_path.glob("journal-*.jsonl"))
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:4]))
    second = Life(tmp_path)
    assert "was already told" in (second.restored.problem or "")
    assert second.core.epoch == "e2"
    second.take(START_MS + 50_000, call(77))
    assert len(set(facts_in(tmp_path))) == len(facts_in(tmp_path))
    second.kill()


def test_a_full_disk_stops_the_journal_not_the_calls(tmp_path, monkeypatch, caplog):
    script = day(80)
    life = Life(tmp_path)
    for now_ms, happened in script[:10]:
        life.take(now_ms, happened)
    disk = FullDisk(os.write, room=150)
    monkeypatch.setattr("engine.adapters.files.directory.os.write", disk)
    for now_ms, happened in script[10:30]:
        life.take(now_ms, happened)
    assert not life.journal.is_writing
    assert caplog.text.count("journal cannot be written") == 1
    disk.room = 10_000_000  # Somebody makes room; within 30 s it is tried again.
    for now_ms, happened in script[30:]:
        life.take(now_ms, happened)
    assert life.journal.is_writing
    assert "journal is being written again" in caplog.text
    life.kill()
    second = Life(tmp_path)
    assert second.restored.problem is None
    assert second.core.snapshot() == life.core.snapshot()
    assert facts_in(tmp_path) == life.told
    second.kill()


def test_a_crash_while_the_disk_is_full_never_reuses_an_id(tmp_path, monkeypatch):
    life = Life(tmp_path)
    script = day(40)
    for now_ms, happened in script[:10]:
        life.take(now_ms, happened)
    at_hole = life.core.snapshot()
    real_write = os.write
    journal_fd = life.journal._fd
    disk = FullDisk(real_write, room=0)
    monkeypatch.setattr(
        "engine.adapters.files.directory.os.write",
        lambda fd, data: disk(fd, data) if fd == journal_fd else real_write(fd, data),
    )
    for now_ms, happened in script[10:20]:
        life.take(now_ms, happened)
    life.kill()
    monkeypatch.undo()
    second = Life(tmp_path)
    assert second.core.epoch == "e2"
    assert {**second.core.snapshot(), "epoch": "e1"} == at_hole, "agents stay logged in"
    second.kill()


def test_a_snapshot_that_cannot_be_written_leaves_the_chain_whole(tmp_path, monkeypatch, caplog):
    life = Life(tmp_path, inputs_per_segment=5)
    script = day(20)

    def refuse(path, chunks):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_module, "write_atomically", refuse)
    for now_ms, happened in script:
        life.take(now_ms, happened)
    assert "snapshot 2 cannot be written" in caplog.text
    life.kill()
    monkeypatch.undo()
    second = Life(tmp_path)
    assert second.core.snapshot() == life.core.snapshot()
    second.kill()


def test_old_segments_stay_while_facts_are_not_safe(tmp_path):
    life = Life(tmp_path, inputs_per_segment=5)
    life.journal._facts_safe = lambda: False
    for now_ms, happened in day(30):
        life.take(now_ms, happened)
    assert len(list(tmp_path.glob("journal-*"))) >= 6
    life.journal._facts_safe = lambda: True
    for now_ms, happened in day(6):
        life.take(now_ms + 60_000, happened)
    assert len(list(tmp_path.glob("snapshot-*"))) == 2
    life.kill()


def test_a_second_engine_is_kept_out(tmp_path):
    first = Life(tmp_path)
    with pytest.raises(StateInUse, match="another usher"):
        Life(tmp_path)
    first.kill()
    Life(tmp_path).kill()
