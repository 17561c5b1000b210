"""What the core knows: calls, visits, legs, agents, lines, timers, and the `State` that holds them.

Door: the entities themselves, and `state.State` with its two ways to speak, `tell` and `note`.
Must not: decide anything; the tables of moves are the only law here.
"""
