"""Stand-ins for call control and phones, shipped: for tests, this project's and an extension's.

Door: `fakes.telephony.FakeTelephony`, `fakes.presence.FakePresence`.
Must not: differ from the real adapter in what the contract tests of the two can see.
"""
