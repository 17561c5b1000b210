"""The engine around the real core, on fakes and virtual time, with what services ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.adapters.files import FileJournal, FileOutbox, StateDirectory
from engine.app.engine import Engine, Parts
from engine.bootstrap.build import make_services
from engine.core.commands import RingPhone
from engine.core.ids import CallId, EndpointName, LegId
from engine.core.inputs import CallArrived, LegAnswered, PhoneReachable
from engine.core.policy import Policy
from engine.core.router import RoutingCore
from tests.support.centre import NODE, TRUNK
from tests.support.fakes import FakeTelephony, InlineThread, MemoryStore
from tests.support.virtual_time import LoopClock


class House:
    """One engine. Call `settle` to let it work."""

    def __init__(self, path: Path, policy: Policy, *, inbox_max: int = 1000) -> None:
        directory = StateDirectory(path)
        self.core = RoutingCore("e", 1)
        clock = LoopClock()
        journal = FileJournal(directory, inputs=0, facts_safe=lambda: True)
        thread = InlineThread()
        thread.submit(journal.rotate(self.core))
        thread.submit(journal.rotate(self.core))
        self.store = MemoryStore()
        self.engine = Engine(
            Parts(
                core=self.core,
                clock=clock,
                journal=journal,
                outbox=FileOutbox(directory),
                store=self.store,
                store_thread=thread,
                file_thread=thread,
                offload=thread.submit,
                inbox_max=inbox_max,
            ),
            policy,
        )
        self.clock = clock
        self.policy = policy
        self.telephony = FakeTelephony(NODE, self.engine.post)
        self.engine.add_node(NODE, self.telephony, None)
        self.services = make_services(self.engine, self.core)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the engine with all its phones registered."""

        async def life() -> None:
            await self.engine.run()

        async with asyncio.TaskGroup() as group:
            group.create_task(life())
            await self.settle()
            for extension in self.policy.extensions:
                self.engine.post(PhoneReachable(NODE, EndpointName(extension.number), True))
            await self.settle()
            try:
                yield
            finally:
                self.engine.stop("test is over")

    async def settle(self) -> None:
        """Lets the engine handle what was posted."""
        await asyncio.sleep(0.01)

    async def call(self, number: str, call_id: str = "c1") -> CallId:
        """A customer dials a number."""
        name = CallId(call_id)
        now_ms = self.clock.now_ms()
        self.engine.post(CallArrived(name, NODE, TRUNK, number, "0151", "Ann", now_ms))
        await self.settle()
        return name

    async def answer(self, agent: str) -> LegId:
        """An agent's phone that rings is picked up."""
        rings = [each for each in self.telephony.sent if isinstance(each, RingPhone)]
        leg_id = [each.leg_id for each in rings if each.endpoint == agent][-1]
        self.engine.post(LegAnswered(leg_id))
        await self.settle()
        return leg_id
