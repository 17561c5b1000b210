"""A live call centre per test module: real phones, real Asterisk, the engine as a process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from tests.support.floor import Floor, opened

TIMEOUT_S = 240
"""Of a test that does not say otherwise: all that it waits for has a deadline of its own."""
LOG_SHOWN = 12_000
INPUTS_SHOWN = 80


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveCentre]:
    """The centre that the module's `DRAFT` describes."""
    async with opened(request.module.DRAFT, tmp_path_factory.mktemp("live")) as centre:
        yield centre


@pytest_asyncio.fixture(loop_scope="module")
async def floor(live: LiveCentre) -> AsyncIterator[Floor]:
    """One test's place in it; afterwards nothing may be left running or open."""
    floor = Floor(live)
    yield floor
    await floor.leave()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives each test of this folder the time that it takes on a machine that is busy with others."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """Shows with a failure what the engine said during the test."""
    report = yield
    floor = getattr(item, "funcargs", {}).get("floor")
    if report.failed and isinstance(floor, Floor):
        inputs = floor.live.journal.inputs()[floor.journal_begin :][-INPUTS_SHOWN:]
        report.sections.append(("engine's journal", "\n".join(map(str, inputs))))
        report.sections.append(("engine's log", floor.log()[-LOG_SHOWN:]))
    return report
