"""The commands of `usher`, one function each: options in, text on stdout, an exit code out.

Door: the functions that `engine.cli` names.
Must not: hold anything that a test would want without its printing.
"""
