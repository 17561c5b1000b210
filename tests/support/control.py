"""Service actions (S-03) asked of a running engine, over its control socket as `usher ctl` does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from scripts.lab.live import LiveCentre
from scripts.lab.waiting import look_until

Answer = dict[str, Any]


class Control:
    """Asks one engine; its configuration needs `control_socket: true`."""

    def __init__(self, live: LiveCentre) -> None:
        """Asks nothing yet."""
        self._path = live.data / "control.sock"

    async def ask(self, do: str, **fields: object) -> Answer:
        """Returns the answer to one request, as the engine gave it."""
        reader, writer = await asyncio.open_unix_connection(str(self._path))
        try:
            writer.write(json.dumps({"do": do, **fields}).encode() + b"\n")
            async with asyncio.timeout(10):
                answer: Answer = json.loads(await reader.readline())
        finally:
            writer.close()
            await writer.wait_closed()
        return answer

    async def done(self, do: str, **fields: object) -> Answer:
        """As `ask`; it must be done."""
        answer = await self.ask(do, **fields)
        assert answer["ok"], answer
        return answer

    async def refused(self, do: str, **fields: object) -> str:
        """As `ask`; it must be refused. Returns why."""
        answer = await self.ask(do, **fields)
        assert not answer["ok"], answer
        why: str = answer["why"]
        return why

    async def call(self, caller_number: str, state: str | None = None) -> dict[str, Any]:
        """Waits until there is one call from this number (in this state); returns what is shown of it."""

        async def look() -> dict[str, Any] | None:
            calls = (await self.done("calls"))["calls"]
            found = [each for each in calls if each["caller_number"] == caller_number]
            if len(found) == 1 and state in (None, found[0]["state"]):
                one: dict[str, Any] = found[0]
                return one
            return None

        found = await look_until(look, f"a call from {caller_number}, {state}", 10)
        assert found is not None
        return found

    async def agent(self, agent_id: str) -> dict[str, Any]:
        """Returns what is shown of an agent."""
        agents = (await self.done("agents"))["agents"]
        (found,) = (each for each in agents if each["agent_id"] == agent_id)
        one: dict[str, Any] = found
        return one
