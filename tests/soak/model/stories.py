"""Random mornings without a search for the shortest one: enough to see whether a broken build is noticed at all."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Final

from tests.soak.model import laws
from tests.soak.model.world import CREWS, World

_FIRST_ORDERS: Final = 2


def live_through(world: World, seed: int, steps: int) -> None:
    """Live through one morning. Raises BrokenLawError at the first law that does not hold."""
    chance = random.Random(seed)
    world.reset(seed)
    for _ in range(_FIRST_ORDERS):
        world.report(chance.randrange(2), chance.randrange(6))
        world.work()
    for _ in range(steps):
        chance.choice(_list_acts(world, chance))()
        laws.check(world)
    if not world.heal():
        raise laws.BrokenLawError("the company does not come to rest")
    laws.check_at_rest(world)


def _list_acts(world: World, chance: random.Random) -> list[Callable[[], object]]:
    order = chance.choice(world.orders)
    member = chance.choice(world.members)
    holders = [m for m in world.members if not m.phone.is_gone(order)] or [member]
    speakers = [m for m in world.members if m.phone.pending()] or [member]
    holder, speaker = chance.choice(holders), chance.choice(speakers)
    return [
        world.work,
        functools.partial(world.sync, member),
        functools.partial(world.sync, speaker),
        functools.partial(world.accept, holder, order),
        functools.partial(world.tell, holder, order),
        functools.partial(world.lose_answer, speaker),
        functools.partial(world.crash_phone, speaker, in_call=True),
        functools.partial(world.crash_server, is_worker=chance.random() < 0.5),
        functools.partial(world.assign, 0, order, chance.randrange(len(CREWS)), 0),
    ]
