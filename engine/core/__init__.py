"""The brain: a pure function of (time, input), standard library only.

Door: `RoutingCore` (`handle`, `next_deadline`, `snapshot`, `restore`, `check`), the three closed
unions `inputs`, `commands`, `facts`, and `policy`.
Must not: do IO, read a clock, start a task, draw an unseeded random number, iterate over a set.
"""
