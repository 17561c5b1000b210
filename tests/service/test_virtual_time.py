"""Pins the virtual-time loop: it leans on private names of asyncio."""

from __future__ import annotations

import asyncio
import random  # noqa: TID251 - only to disturb a heap.

import pytest

from tests.support.hygiene import leftovers
from tests.support.virtual_time import VirtualTimeLoop

pytestmark = pytest.mark.service


async def test_an_hour_passes_at_once():
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    before = loop.time()
    await asyncio.sleep(3600)
    assert loop.time() - before == pytest.approx(3600)


async def test_ten_years_do_not_spin():
    """At large times a small time-out is less than the spacing of floats."""
    ten_years_s = 10 * 365 * 86_400
    await asyncio.sleep(ten_years_s)
    for _ in range(100):
        await asyncio.sleep(0.001)
    assert asyncio.get_running_loop().time() >= ten_years_s


async def test_timers_of_one_instant_fire_in_the_order_they_were_set():
    loop = asyncio.get_running_loop()
    fired: list[int] = []
    at = loop.time() + 1
    shuffled = random.Random(7)
    for number in range(50):
        loop.call_at(at, fired.append, number)
        loop.call_at(at + shuffled.random(), lambda: None)
    await asyncio.sleep(3)
    assert fired == list(range(50))


def test_a_deadlock_is_said_instead_of_hanging(monkeypatch):
    monkeypatch.setattr("tests.support.virtual_time.DEADLOCK_AFTER_S", 0)
    loop = VirtualTimeLoop()
    never = loop.create_future()
    with pytest.raises(RuntimeError, match="deadlock"):
        loop.run_until_complete(never)
    loop.close()


async def test_a_thread_can_wake_the_loop():
    assert await asyncio.to_thread(lambda: 42) == 42
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_leftovers_are_seen():
    loop = asyncio.get_running_loop()
    timer = loop.call_later(60, lambda: None)
    assert any("TimerHandle" in what or "FifoTimer" in what for what in leftovers(loop))
    timer.cancel()
    assert not [what for what in leftovers(loop) if "Timer" in what]


@pytest.mark.real_time
async def test_a_test_can_have_the_real_clock():
    assert not isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
