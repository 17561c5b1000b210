"""The composition root: the one room that knows every other, and introduces them.

Door: `build` (an engine from a configuration), `run` (its life as a process), and one function for
each command of `usher`.
Must not: decide anything about calls; be imported by any room but `cli`.
"""
