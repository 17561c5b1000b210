"""`typing.override` for Python 3.11, so that the laboratory needs the standard library only."""

import sys
from typing import TYPE_CHECKING, TypeVar

if sys.version_info >= (3, 12):
    from typing import override
elif TYPE_CHECKING:
    from typing_extensions import override
else:
    _Method = TypeVar("_Method")

    def override(method: _Method) -> _Method:
        """Say that a method overrides one of a base class; only type checkers look."""
        return method


__all__ = ["override"]
