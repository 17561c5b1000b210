"""A live call centre per test module: real phones, real Asterisk, the engine as a process."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from scripts.lab.asterisk import AsteriskUnavailable
from scripts.lab.live import LiveCentre
from tests.support.draft import Draft, write_tones
from tests.support.floor import Floor

LOG_SHOWN = 12_000


@contextlib.contextmanager
def children_without_threads() -> Iterator[None]:
    """Waits for child processes as Python 3.12 does: without a thread for each, which would be left."""
    if sys.version_info >= (3, 12):
        yield
        return
    policy = asyncio.get_event_loop_policy()
    watcher = asyncio.PidfdChildWatcher()
    watcher.attach_loop(asyncio.get_running_loop())
    policy.set_child_watcher(watcher)
    try:
        yield
    finally:
        policy.set_child_watcher(None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveCentre]:
    """The centre that the module's `DRAFT` describes."""
    draft: Draft = request.module.DRAFT
    try:
        run_dir = tmp_path_factory.mktemp("live")
        # Below Asterisk's own directory, the only one that it can see.
        tones = write_tones(run_dir / "asterisk" / "tones")
        centre = LiveCentre(run_dir, draft.sections(tones))
    except AsteriskUnavailable as reason:
        pytest.skip(str(reason))
    with children_without_threads():
        async with centre:
            yield centre


@pytest_asyncio.fixture(loop_scope="module")
async def floor(live: LiveCentre) -> AsyncIterator[Floor]:
    """One test's place in it; afterwards nothing may be left running or open."""
    floor = Floor(live)
    yield floor
    await floor.leave()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """Shows with a failure what the engine said during the test."""
    report = yield
    floor = getattr(item, "funcargs", {}).get("floor")
    if report.failed and isinstance(floor, Floor):
        report.sections.append(("engine", floor.log()[-LOG_SHOWN:]))
    return report
