"""The hypothesis machine over the world: it chooses what happens, and asks the laws after every step."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.soak.model import laws
from tests.soak.model.world import CREWS, Member, World

_MOST_ORDERS: Final = 4
_SHM: Final = Path("/dev/shm")  # noqa: S108 - the kernel's memory folder: nothing of a model has to survive
_crew = st.integers(0, len(CREWS) - 1)
_order = st.integers(0, _MOST_ORDERS - 1)
_dispatcher = st.integers(0, 1)


@functools.cache
def the_world() -> World:
    """Return the one company of this process, in memory where there is such a folder."""
    return World(Path(tempfile.mkdtemp(prefix="leakfirst-model-", dir=_SHM if _SHM.is_dir() else None)))


def forget_world() -> None:
    """Remove the company of this process."""
    if the_world.cache_info().currsize:
        the_world().end()
        shutil.rmtree(the_world().folder, ignore_errors=True)
        the_world.cache_clear()


class CompanyMachine(RuleBasedStateMachine):
    """Server, three phones, two dispatchers, planner and clock; crashes, partitions, a restore."""

    world: World

    @initialize(seed=st.integers(0, 1 << 16))
    def begin(self, seed: int) -> None:
        """Begin a morning."""
        self.world = the_world()
        self.world.reset(seed)

    def _member(self, crew: int) -> Member:
        return self.world.members[crew]

    def _order_of(self, order: int) -> str:
        return self.world.orders[order % len(self.world.orders)]

    def _holder(self, crew: int, order: str) -> Member:
        """Return one of those whose phone has the order: to tap on what is not there changes nothing."""
        having = [m for m in self.world.members if not m.phone.is_gone(order)]
        return having[crew % len(having)] if having else self._member(crew)

    def _speaker(self, crew: int) -> Member:
        """Return one of those who have something to say."""
        having = [m for m in self.world.members if m.phone.pending()]
        return having[crew % len(having)] if having else self._member(crew)

    @precondition(lambda self: len(self.world.orders) < _MOST_ORDERS)
    @rule(kind=st.integers(0, 1), place=st.integers(0, 5))
    def report(self, kind: int, place: int) -> None:
        """A customer calls."""
        self.world.report(kind, place)

    @rule()
    def work(self) -> None:
        """The worker carries out what waits."""
        self.world.work()

    @rule(crew=_crew)
    def sync(self, crew: int) -> None:
        """A phone calls."""
        self.world.sync(self._member(crew))

    @precondition(lambda self: self.world.orders)
    @rule(crew=_crew, order=_order)
    def accept(self, crew: int, order: int) -> None:
        """A technician accepts."""
        self.world.accept(self._holder(crew, self._order_of(order)), self._order_of(order))

    @precondition(lambda self: self.world.orders)
    @rule(crew=_crew, order=_order)
    def decline(self, crew: int, order: int) -> None:
        """A technician declines."""
        self.world.decline(self._holder(crew, self._order_of(order)), self._order_of(order))

    @precondition(lambda self: self.world.orders)
    @rule(crew=_crew, order=_order)
    def tell(self, crew: int, order: int) -> None:
        """Evidence from the field."""
        self.world.tell(self._holder(crew, self._order_of(order)), self._order_of(order))

    @precondition(lambda self: self.world.orders)
    @rule(dispatcher=_dispatcher, order=_order, crew=_crew, stale=st.integers(0, 1))
    def reassign(self, dispatcher: int, order: int, crew: int, stale: int) -> None:
        """A dispatcher chooses somebody."""
        self.world.assign(dispatcher, self._order_of(order), crew, stale)

    @precondition(lambda self: self.world.orders)
    @rule(dispatcher=_dispatcher, order=_order)
    def recall(self, dispatcher: int, order: int) -> None:
        """A dispatcher takes an order back."""
        self.world.recall(dispatcher, self._order_of(order))

    @rule(crew=_crew, in_call=st.booleans())
    def crash_phone(self, crew: int, *, in_call: bool) -> None:
        """A phone dies."""
        self.world.crash_phone(self._speaker(crew), in_call=in_call)

    @rule(crew=_crew)
    def lose_answer(self, crew: int) -> None:
        """A phone is heard and does not hear."""
        self.world.lose_answer(self._speaker(crew))

    @rule(is_worker=st.booleans())
    def crash_server(self, *, is_worker: bool) -> None:
        """A process of the server dies."""
        self.world.crash_server(is_worker=is_worker)

    @rule(crew=_crew, is_cut=st.booleans())
    def partition(self, crew: int, *, is_cut: bool) -> None:
        """A line goes or comes back."""
        self.world.cut(self._member(crew), is_cut=is_cut)

    @rule(seconds=st.sampled_from((1, 10, 45, 400)))
    def pass_time(self, seconds: int) -> None:
        """Time passes."""
        self.world.pass_s(seconds)

    @precondition(lambda self: self.world.orders and self.world.plan_under_way is None)
    @rule()
    def begin_plan(self) -> None:
        """The planner looks."""
        self.world.begin_plan()

    @precondition(lambda self: self.world.plan_under_way is not None)
    @rule()
    def end_plan(self) -> None:
        """The planner hands in."""
        self.world.end_plan()

    @precondition(lambda self: self.world.backup is None)
    @rule()
    def back_up(self) -> None:
        """A backup is taken."""
        self.world.back_up()

    @precondition(lambda self: self.world.backup is not None and not self.world.restores)
    @rule()
    def restore(self) -> None:
        """The database is replaced by the backup."""
        self.world.restore()

    @invariant()
    def laws_hold(self) -> None:
        """After every step."""
        if hasattr(self, "world"):
            laws.check(self.world)

    def teardown(self) -> None:
        """Mend everything: all come to rest, and nothing is missing."""
        if not hasattr(self, "world"):
            return
        if not self.world.heal():
            raise laws.BrokenLawError("the company does not come to rest")
        laws.check_at_rest(self.world)


def make_settings(runs: int, steps: int) -> settings:
    """Return hypothesis's settings for so many runs of so many steps; found examples are not kept on disk."""
    return settings(max_examples=runs, stateful_step_count=steps, database=None, print_blob=False, deadline=None)
