"""The folder of recordings: what is deleted, what is joined, and what no disk's fault may do."""

from __future__ import annotations

import logging
import wave
from array import array
from pathlib import Path

import pytest

from engine.adapters.files import RecordingFolder
from engine.app.alarms import raise_alarms
from engine.app.recordings import JoinWhenEnded
from engine.core.facts import RecordingEnded, RecordingStarted
from engine.core.ids import AgentId, CallId, QueueId, RecordingId, TalkId

pytestmark = [pytest.mark.service, pytest.mark.row("S-04")]

NOON_22 = 1_795_348_800_000
"""2026-11-22T12:00:00Z."""


def put(folder: Path, name: str, content: bytes = b"x") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_half(folder: Path, name: str, *samples: int, rate: int = 8_000, channels: int = 1) -> Path:
    path = put(folder, name)
    with wave.open(str(path), "wb") as half:
        half.setnchannels(channels)
        half.setsampwidth(2)
        half.setframerate(rate)
        half.writeframes(array("h", samples).tobytes())
    return path


def samples_of(path: Path) -> tuple[int, int, list[int]]:
    with wave.open(str(path), "rb") as file:
        frames = array("h", file.readframes(file.getnframes()))
        return file.getnchannels(), file.getframerate(), list(frames)


def files_in(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir())


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.alarm for record in caplog.records if hasattr(record, "alarm")]


# Deleting.


def test_only_days_that_are_older_are_deleted_with_their_empty_folders(tmp_path: Path) -> None:
    put(tmp_path, "2025/12/31/a-1.wav")
    put(tmp_path, "2026/11/11/b-1.wav")
    put(tmp_path, "2026/11/11/b-2.wav")
    put(tmp_path, "2026/11/12/c-1.wav")
    put(tmp_path, "2026/11/22/d-1.wav")
    RecordingFolder(tmp_path, 10).tidy(NOON_22)
    assert files_in(tmp_path) == ["2026/11/12/c-1.wav", "2026/11/22/d-1.wav"]
    assert not (tmp_path / "2025").exists()
    assert not (tmp_path / "2026/11/11").exists()


def test_zero_days_means_for_ever(tmp_path: Path) -> None:
    put(tmp_path, "1999/01/01/a-1.wav")
    RecordingFolder(tmp_path, 0).tidy(NOON_22)
    assert files_in(tmp_path) == ["1999/01/01/a-1.wav"]


def test_what_has_no_date_for_a_folder_is_not_ours(tmp_path: Path) -> None:
    others = [
        "readme.txt",
        "2020/notes.txt",
        "2020/13/01/a.wav",
        "2020/02/30/a.wav",
        "20/1/1/a.wav",
    ]
    for each in others:
        put(tmp_path, each)
    put(tmp_path, "2020/01/01/inner/a.wav")
    RecordingFolder(tmp_path, 1).tidy(NOON_22)
    assert files_in(tmp_path) == sorted([*others, "2020/01/01/inner/a.wav"])


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "in"
    kept = put(outside, "01/01/a.wav")
    inside.mkdir()
    (inside / "2020").symlink_to(outside)
    put(inside, "2021/01/01/x.wav")
    (inside / "2021/01/01/y.wav").symlink_to(kept)
    RecordingFolder(inside, 1).tidy(NOON_22)
    assert kept.exists()
    assert not (inside / "2021").exists()


def test_a_folder_that_is_not_there_is_no_problem(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    RecordingFolder(tmp_path / "nowhere", 1).tidy(NOON_22)
    assert caplog.records == []


def test_what_cannot_be_deleted_is_an_alarm_and_the_rest_is_deleted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permissions do not bind root, as whom tests may run: the refusal is played."""
    put(tmp_path, "2020/01/01/stuck.wav")
    put(tmp_path, "2020/01/02/b.wav")
    unlink = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path.name == "stuck.wav":
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    RecordingFolder(tmp_path, 1).tidy(NOON_22)
    assert files_in(tmp_path) == ["2020/01/01/stuck.wav"]
    assert alarms(caplog) == ["recordings_not_deleted"]


def test_a_file_where_the_folder_should_be_is_an_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    RecordingFolder(put(tmp_path, "recording"), 1).tidy(NOON_22)
    assert alarms(caplog) == ["recordings_not_deleted"]


# Joining.


def test_the_caller_is_on_the_left(tmp_path: Path) -> None:
    put_half(tmp_path, "2026/11/22/c-1-left.wav", 1, 2, 3)
    put_half(tmp_path, "2026/11/22/c-1-right.wav", -1, -2, -3)
    RecordingFolder(tmp_path, 90).join("2026/11/22/c-1")
    assert files_in(tmp_path) == ["2026/11/22/c-1.wav"]
    whole = samples_of(tmp_path / "2026/11/22/c-1.wav")
    assert whole == (2, 8_000, [1, -1, 2, -2, 3, -3])


@pytest.mark.parametrize("long", ["left", "right"])
def test_a_shorter_half_is_filled_with_silence(tmp_path: Path, long: str) -> None:
    for side in ("left", "right"):
        put_half(tmp_path, f"c-1-{side}.wav", *([5] * (200_001 if side == long else 1)))
    RecordingFolder(tmp_path, 90).join("c-1")
    channels, _, frames = samples_of(tmp_path / "c-1.wav")
    assert (channels, len(frames)) == (2, 2 * 200_001)
    shorter = frames[1::2] if long == "left" else frames[0::2]
    assert (shorter[0], set(shorter[1:])) == (5, {0})


def test_two_recordings_of_silence_are_joined(tmp_path: Path) -> None:
    for side in ("left", "right"):
        put_half(tmp_path, f"c-1-{side}.wav")
    RecordingFolder(tmp_path, 90).join("c-1")
    assert samples_of(tmp_path / "c-1.wav") == (2, 8_000, [])


@pytest.mark.parametrize("fault", ["missing", "torn", "unclosed", "stereo", "rate"])
def test_halves_that_do_not_fit_stay_and_are_an_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    left = put_half(tmp_path, "c-1-left.wav", 1, 2, 3, 4)
    right = tmp_path / "c-1-right.wav"
    match fault:
        case "torn":
            right.write_bytes(left.read_bytes()[:20])
        case "unclosed":
            put_half(tmp_path, right.name)
            right.write_bytes(right.read_bytes() + bytes(3_200))
        case "stereo":
            put_half(tmp_path, right.name, 1, 2, channels=2)
        case "rate":
            put_half(tmp_path, right.name, 1, 2, rate=16_000)
        case _:
            assert not right.exists()
    before = files_in(tmp_path)
    RecordingFolder(tmp_path, 90).join("c-1")
    assert files_in(tmp_path) == before
    assert alarms(caplog) == ["recording_not_joined"]


def test_halves_left_over_from_a_crash_are_joined_once_no_call_can_be_in_them(
    tmp_path: Path,
) -> None:
    for day in ("20", "21", "22"):
        for side in ("left", "right"):
            put_half(tmp_path, f"2026/11/{day}/c-1-{side}.wav", 7)
    RecordingFolder(tmp_path, 90).tidy(NOON_22)
    assert [each for each in files_in(tmp_path) if "11/20" in each] == ["2026/11/20/c-1.wav"]
    assert len(files_in(tmp_path)) == 5


# Facts.


def started(number: int, *, stereo: bool) -> RecordingStarted:
    return RecordingStarted(
        number,
        0,
        RecordingId(f"rec-{number}"),
        CallId("c"),
        TalkId("t"),
        QueueId("6400"),
        AgentId("1001"),
        f"2026/11/22/c-{number}",
        stereo,
        "system",
    )


def ended(number: int, *, ok: bool = True) -> RecordingEnded:
    return RecordingEnded(
        number + 100, 0, RecordingId(f"rec-{number}"), CallId("c"), ok, "the reason", "system"
    )


class Files:
    def __init__(self) -> None:
        self.joined: list[str] = []

    def join(self, name: str) -> None:
        self.joined.append(name)

    def tidy(self, now_ms: int) -> None:
        raise AssertionError(now_ms)


def test_stereo_recordings_are_joined_when_they_end_well_or_badly() -> None:
    files = Files()
    joiner = JoinWhenEnded(files, lambda work: work(), {})
    joiner.take([started(1, stereo=True), started(2, stereo=False), started(3, stereo=True)])
    assert files.joined == []
    joiner.take([ended(1), ended(2), ended(3, ok=False), ended(3), ended(4)])
    assert files.joined == ["2026/11/22/c-1", "2026/11/22/c-3"]


def test_one_that_was_begun_before_a_restart_is_joined_too() -> None:
    files = Files()
    recording_id = ended(1).recording_id
    joiner = JoinWhenEnded(files, lambda work: work(), {recording_id: "2026/11/21/c-9"})
    joiner.take([ended(2), ended(1)])
    assert files.joined == ["2026/11/21/c-9"]


def test_a_failed_recording_is_an_alarm_and_a_good_one_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        raise_alarms([started(1, stereo=False), ended(1), started(2, stereo=False)])
        assert caplog.records == []
        raise_alarms([ended(2, ok=False)])
    assert alarms(caplog) == ["recording_failed"]
    assert "rec-2" in caplog.text
    assert "the reason" in caplog.text
