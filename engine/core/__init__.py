"""The brain: a pure function of (time, input), standard library only.

Door: `router.RoutingCore` (`handle`, `next_deadline`, `snapshot`, `restore`, `check`); what goes in and
comes out are the closed unions `inputs.Input`, `commands.Command`, `facts.Fact`, and `policy.Policy`.
Must not: do IO, read a clock, start a task, draw an unseeded random number, iterate over a set.
"""
