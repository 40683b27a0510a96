"""Compiling the search: numba's ``njit`` where it is installed, plain Python (about a hundred times slower) elsewhere.

Compiled code is kept beside the sources in a folder named after a digest of them all: numba by itself only looks at
the file of the function called, and would keep running an old helper out of another file after an update.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

ArrayT = TypeVar("ArrayT")
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def _numba() -> Any:
    try:
        return None if os.environ.get("LEAKFIRST_NO_NUMBA") else importlib.import_module("numba")
    except ImportError:
        return None


numba: Any = _numba()
IS_COMPILED = numba is not None


def _cache_folder(source: Path) -> str:
    digest = hashlib.sha256()
    for folder in sorted({Path(__file__).parent, source.parent}):
        for path in sorted(folder.glob("*.py")):
            text = path.read_bytes()
            if b"from routing.search.compiled" in text or path.stem in ("compiled", "layout"):  # the rest is plain
                digest.update(text)
    return str(source.parent / "__pycache__" / f"compiled-{digest.hexdigest()[:16]}")


def inline(function: FunctionT) -> FunctionT:
    """Return the function compiled into each of its callers, because passing a bundle costs more than small work."""
    return function if numba is None else _compiled(function, forceinline=True)


def njit(function: FunctionT) -> FunctionT:
    """Return the function compiled on first call and cached on disk, or the function itself without numba."""
    return function if numba is None else _compiled(function)


def _compiled(function: FunctionT, **options: bool) -> FunctionT:
    """Compile with a cache in a folder of this state of the sources.

    Arrays are not counted as references (``_nrt``), which is most of the cost of a call: compiled code makes none.
    """
    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, _cache_folder(Path(function.__code__.co_filename))
    try:
        compiled: FunctionT = numba.njit(cache=True, nogil=True, _nrt=False, **options)(function)
    except RuntimeError:  # no folder can be written: compile anew in every process
        compiled = numba.njit(nogil=True, _nrt=False, **options)(function)
    finally:
        numba.config.CACHE_DIR = before
    return compiled


if numba is None:

    def address(array: ArrayT) -> ArrayT:
        """Return the array: without numba it is indexed as it is."""
        return array

else:

    @numba.extending.intrinsic
    def address(_context: Any, array: Any) -> Any:
        """Return where an array's numbers lie, to be indexed like a flat array.

        Arrays handed from one compiled function to the next cost more than the work done on them: numba counts
        references and passes seven words for each. The caller in Python keeps the arrays alive.
        """

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return context.make_array(signature.args[0])(context, builder, values[0]).data

        return numba.types.CPointer(array.dtype)(array), code
