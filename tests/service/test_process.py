"""`usher run` as a process: signals, exit codes, kill -9. No Asterisk answers; real time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.service, pytest.mark.real_time]

ROOT = Path(__file__).parents[2]
READY_S = 30.0
CONFIG = """
nodes:
  main:
    ari: {url: "http://127.0.0.1:9", username: usher, password: {env: USHER_TEST_SECRET}}
    ami: {port: 9, username: usher, password: {env: USHER_TEST_SECRET}}
extensions:
  "1001": {name: Ann, password: {env: USHER_TEST_SECRET}}
agents:
  "1001": {}
queues:
  "6400": {name: Sales, members: [{agent: "1001", kind: static}]}
settings:
  data_directory: ../data
"""
SECRET = "s3cret-of-the-test"


class Usher:
    """One `usher run`, its log in memory."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""

    async def says(self, words: str) -> None:
        assert self.process.stderr is not None
        async with asyncio.timeout(READY_S):
            while words not in self.log:
                line = await self.process.stderr.readline()
                assert line, f"ended without saying {words!r}:\n{self.log}"
                self.log += line.decode()

    async def ends(self) -> int:
        assert self.process.stderr is not None
        async with asyncio.timeout(READY_S):
            self.log += (await self.process.stderr.read()).decode()
            return await self.process.wait()


@contextlib.asynccontextmanager
async def usher_run(config: Path, *arguments: str) -> AsyncIterator[Usher]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine", "run", str(config), *arguments),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "USHER_TEST_SECRET": SECRET},
    )
    try:
        yield Usher(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "centre.yaml").write_text(CONFIG)
    return folder


async def test_from_start_to_stop_over_a_kill_and_a_reload(config):
    async with usher_run(config) as first:
        await first.says("engine started, nodes: main")
        epoch = re.search(r"history (\S+): 0 inputs replayed", first.log)
        assert epoch is not None
        async with usher_run(config) as second:
            assert await second.ends() == 1
            assert "another usher is running on this state directory" in second.log
            assert "Traceback" not in second.log
        first.process.send_signal(signal.SIGHUP)
        await first.says("configuration: nothing has changed")
        first.process.kill()
        await first.ends()
    async with usher_run(config) as third:
        await third.says("engine started")
        assert re.search(rf"history {re.escape(epoch[1])}: [1-9]\d* inputs replayed", third.log)
        (config / "centre.yaml").write_text(CONFIG.replace("name: Sales", "nmae: Sales"))
        await third.says("the one before stays in force")
        (config / "centre.yaml").write_text(CONFIG.replace("name: Sales", "name: Sale"))
        await third.says("configuration applied")
        third.process.send_signal(signal.SIGTERM)
        assert await third.ends() == 0
        assert "engine stopped: SIGTERM" in third.log
        assert "Traceback" not in third.log
        assert SECRET not in third.log
    files = sorted(path.name for path in (config.parent / "data").iterdir())
    assert "usher.db" in files
    assert (config.parent / "data").stat().st_mode & 0o077 == 0, "it holds callers' numbers"


async def test_a_wrong_configuration_ends_with_1_and_all_lines(config):
    (config / "centre.yaml").write_text(CONFIG.replace("name: Sales", "nmae: Sales"))
    async with usher_run(config) as usher:
        assert await usher.ends() == 1
    assert "centre.yaml:11: queues.6400" in usher.log
    assert "Traceback" not in usher.log


async def test_log_lines_can_be_json(config):
    async with usher_run(config, "--log-json", "--no-watch") as usher:
        await usher.says('"message": "engine started, nodes: main"')
        usher.process.send_signal(signal.SIGINT)
        assert await usher.ends() == 0
    assert all(line.startswith("{") for line in usher.log.splitlines())
