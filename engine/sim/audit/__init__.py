"""The auditor's books and laws: an independent model of what the core should do.

Door: `engine.sim.auditor.Auditor`. Learns from inputs, commands and facts alone.
Must not: import anything of the core but ids, policies (policy, places, waiting), inputs, commands and facts; a bug that both
share would never be found.
"""
