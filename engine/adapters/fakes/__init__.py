"""Stand-ins for the foreign powers, shipped: tests, the simulator and the demo use them.

Door: `fakes.telephony.FakeTelephony`, `fakes.presence.FakePresence`.
Must not: differ from the real adapter in what the contract tests of the two can see.
"""
