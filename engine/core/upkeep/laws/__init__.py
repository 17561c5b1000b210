"""What must be true between any two inputs, one file for each thing that it must be true of.

Door: the `check_` functions, called by `engine.core.upkeep.invariants.check`; each raises
AssertionError that names the invariant.
Must not: change anything but what is kept at hand and can be worked out anew.
"""
