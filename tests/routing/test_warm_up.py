"""What has to be compiled is compiled before somebody waits for it."""

import pytest

from routing import emergency_queue
from routing.search.compiled import IS_COMPILED
from routing.warm_up import warm_up


@pytest.mark.timeout(900)  # compiling anew takes half a minute of a free core
@pytest.mark.skipif(not IS_COMPILED, reason="without numba nothing is compiled")
def test_warming_up_compiles_the_queue() -> None:
    """After it the queue's rule has its machine code, for exactly the types the server asks with."""
    warm_up()
    assert len(emergency_queue._improve.signatures) == 1  # type: ignore[attr-defined]  # numba's own list
    assert len(emergency_queue._fill.signatures) == 1  # type: ignore[attr-defined]  # numba's own list
