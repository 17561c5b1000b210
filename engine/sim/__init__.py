"""The rehearsal: seeded days of callers, agents, phones and a lying Asterisk around the real core.

Door: `run.simulate(policy, options) -> SimulationReport`, `command` for `usher simulate`, `erlang`
for what theory expects. Virtual time, one thread, no asyncio: the same seed gives the same trace.
Must not: read a clock, do IO (but for the journal of a failure), import an adapter, or let the
auditor see the core's state.
"""
