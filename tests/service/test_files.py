"""Replacing a file as a whole, and its survival."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.adapters.files import StateDirectory
from engine.adapters.files.directory import write_atomically
from tests.support.fakes import FullDisk

pytestmark = pytest.mark.service


def test_the_content_is_on_the_disk_before_the_name_and_then_the_name(tmp_path, monkeypatch):
    path = tmp_path / "snapshot"
    path.write_bytes(b"old")
    seen: list[tuple[str, bytes]] = []

    def fsync(fd: int) -> None:
        seen.append((str(Path(f"/proc/self/fd/{fd}").readlink()), path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(path, [b"ne", b"w"])
    assert seen == [(f"{path}.new", b"old"), (str(tmp_path), b"new")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_the_old_file_and_gives_the_space_back(tmp_path, monkeypatch):
    path = tmp_path / "snapshot"
    path.write_bytes(b"old")
    monkeypatch.setattr("engine.adapters.files.directory.os.write", FullDisk(os.write, room=2))
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, [b"new"])
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["snapshot"]


def test_the_directory_is_its_owners_alone_and_half_files_of_a_crash_are_removed(tmp_path):
    directory = StateDirectory(tmp_path / "deep" / "data")
    assert directory.path.stat().st_mode & 0o777 == 0o700
    (directory.path / "snapshot-00000003.json.new").write_text("half")
    (directory.path / "snapshot-00000002.json").write_text("whole")
    directory.lock()
    assert directory.numbers("snapshot", ".json") == [2]
    assert not (directory.path / "snapshot-00000003.json.new").exists()
    directory.unlock()
    directory.unlock()
