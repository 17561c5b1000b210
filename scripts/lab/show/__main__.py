"""`python -m scripts.lab.show`: answers Ctrl-C from its first moment on, then does the work."""

import os
import signal
import sys
from types import FrameType


def _too_early(_number: int, _frame: FrameType | None) -> None:
    """Nothing has been started yet, so there is nothing to stop."""
    os._exit(1 if "--once" in sys.argv else 0)


for _signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(_signal, _too_early)

if __name__ == "__main__":
    from scripts.lab.show.command import main

    sys.exit(main())
