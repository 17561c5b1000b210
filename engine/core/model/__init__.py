"""What the core knows: calls, visits, legs, agents, lines, timers, and the `State` that holds them.

Door: the entities themselves, `state.State` with its two ways to speak, `tell` and `note`, and
`record.note_start` for what each new call notes.
Must not: decide anything; the tables of moves are the only law here.
"""
