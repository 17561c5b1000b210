"""`scripts/demo` does what it promises: a scenario that is checked, and an end that leaves nothing."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "scripts/demo"
PLAY_S = 600.0
"""The set-up is in it: nothing to do but look, on a machine that runs these tests."""


def processes_of(run_dir: Path) -> Iterator[str]:
    """Names the processes that were started for a run, or work in its directory."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            mounts = (process / "mountinfo").read_text()
        except OSError:  # It has just ended, or is not ours.
            continue
        if str(run_dir) in line or str(run_dir) in mounts:
            yield line


def test_once_goes_as_it_should_and_leaves_nothing(tmp_path: Path) -> None:
    """Every expectation is met, the summary says so, and no process or mount of the run remains."""
    run_dir = tmp_path / "run"
    played = subprocess.run(
        [DEMO, "--once", "--keep", run_dir],
        capture_output=True,
        text=True,
        timeout=PLAY_S,
        check=False,
    )

    assert played.returncode == 0, played.stdout + played.stderr
    assert "FAILED" not in played.stdout
    assert re.search(r"^6400 Sales +25 +4 +20 +1 ", played.stdout, re.MULTILINE), played.stdout
    assert re.search(r"^6401 Support +2 +2 +0 +0 ", played.stdout, re.MULTILINE), played.stdout
    assert re.search(r"^6402 Support - VIP +2 +2 +0 +0 ", played.stdout, re.MULTILINE)
    assert re.search(r"^6403 Service +2 +1 +0 +1 ", played.stdout, re.MULTILINE), played.stdout
    assert re.search(
        r"^1 of 1 callbacks done; 1 of 1 surveys answered with \+2\.0 on average; sent to voicemail: 1$",
        played.stdout,
        re.MULTILINE,
    )
    assert re.search(
        r"kill -9 \d+, the engine: 2 talks, 22 waiting, 1 phone ringing", played.stdout
    )
    met = re.search(r"^All (\d+) expectations met\.$", played.stdout, re.MULTILINE)
    assert met is not None
    assert len(re.findall(r"^ok      ", played.stdout, re.MULTILINE)) == int(met[1]) >= 30
    lines = [line for line in played.stdout.splitlines() if "[setup" not in line]
    assert all(len(line) <= 100 for line in lines if str(run_dir) not in line)
    assert list(processes_of(run_dir)) == []
    assert (run_dir / "data/usher.db").exists()
    for secret in (run_dir / "secrets").rglob("*"):
        assert secret.stat().st_mode & 0o077 == 0, secret


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ends_when_asked_to_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C (and being stopped, and a closed terminal) ends it in order, with 0."""
    run_dir = tmp_path / "run"
    with subprocess.Popen(
        [DEMO, "--calls-per-minute", "60", "--keep", run_dir],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as demo:
        said = until_it_says(demo, "calls ")
        assert any(processes_of(run_dir))
        demo.send_signal(number)
        rest, _ = demo.communicate(timeout=240)

    said += rest.decode()
    assert demo.returncode == 0, said
    assert "Stopped; nothing is left running." in said
    assert "Traceback" not in said
    assert list(processes_of(run_dir)) == []


def until_it_says(demo: subprocess.Popen[bytes], words: str) -> str:
    """Reads what it prints until these words are in a line."""
    assert demo.stdout is not None
    said = ""
    while words not in said:
        ready, _, _ = select.select([demo.stdout], [], [], PLAY_S)
        piece = os.read(demo.stdout.fileno(), 65536).decode() if ready else ""
        assert piece, f"it never said {words!r}:\n{said}"
        said += piece
    return said


def test_a_directory_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    """`--keep` never mixes a run with what was there before."""
    (tmp_path / "precious").touch()
    played = subprocess.run(
        [DEMO, "--once", "--keep", tmp_path],
        capture_output=True,
        text=True,
        timeout=PLAY_S,
        check=False,
    )

    assert played.returncode == 2
    assert "not empty" in played.stderr
    assert (tmp_path / "precious").exists()
