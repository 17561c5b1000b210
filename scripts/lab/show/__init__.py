"""The demo: a whole call centre on this machine, played live in a terminal.

Door: `python -m scripts.lab.show` (which `scripts/demo` runs after the set-up). It takes the
sample configuration as it is, gives it ports and directories of its own, and plays either one fixed
scenario whose every step is checked (`--once`), or customers and agents who go on until Ctrl-C.
What it shows is read from the database that the engine writes, not from what the demo itself did.

The engine must never import it.
"""
