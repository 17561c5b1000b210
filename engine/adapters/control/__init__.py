"""The control door: service actions for this machine's operators, over a Unix socket.

One request per line, one answer per line, both JSON objects (`wire`). Whoever may open the socket
(mode 600, in the data directory) may do everything and ask in anybody's name; it never leaves the
machine.

Door: `ControlDoor` (the engine's side), `ask` (the other side, `usher ctl`), `SOCKET_NAME`.
Must not: know the core's state but through `engine.app.services`, decide anything.
"""

from engine.adapters.control.client import ControlAway, ask
from engine.adapters.control.door import SOCKET_NAME, ControlDoor

__all__ = ["SOCKET_NAME", "ControlAway", "ControlDoor", "ask"]
