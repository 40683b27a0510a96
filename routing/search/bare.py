"""Handing the bundles over to the inner functions: addresses instead of arrays (see ``compiled.address``)."""

from __future__ import annotations

from routing.search.compiled import address, njit
from routing.search.layout import Dials, Memory, State, Undo, World


@njit
def bare_world(world: World) -> World:
    """Return the bundle with addresses in place of arrays."""
    return World(
        world.n,
        world.m,
        world.size,
        world.parts,
        world.neighbours,
        address(world.travel_s),
        address(world.travel_cost),
        address(world.into_s),
        address(world.into_cost),
        address(world.node),
        address(world.jobs),
        address(world.routes),
        address(world.window_from),
        address(world.window_open),
        address(world.window_close),
        address(world.row),
        address(world.allowed),
        address(world.latest_start),
        address(world.pair_cost),
        address(world.demand),
        address(world.stock),
        address(world.fleet),
        world.fleets,
        address(world.depot_cost),
        address(world.near),
        address(world.has),
    )


@njit
def bare_state(state: State) -> State:
    """Return the bundle with addresses in place of arrays."""
    return State(
        address(state.after),
        address(state.before),
        address(state.route),
        address(state.stops),
        address(state.leg),
        address(state.whim),
        address(state.home),
        address(state.anchor),
        address(state.locked),
        address(state.held),
        address(state.cost),
        address(state.load),
        address(state.version),
        address(state.empty),
        address(state.live),
        address(state.missing),
        address(state.doubtful),
        address(state.tried),
        address(state.stamp),
        state.reach,
        state.known,
        address(state.known_version),
        address(state.known_place),
        address(state.known_price),
        address(state.sizes),
    )


@njit
def bare_undo(undo: Undo) -> Undo:
    """Return the bundle with addresses in place of arrays."""
    return Undo(
        address(undo.saved),
        address(undo.route),
        address(undo.first),
        address(undo.stop),
        address(undo.stops),
        address(undo.cost),
        address(undo.version),
        address(undo.missing),
        address(undo.sizes),
    )


@njit
def bare_memory(memory: Memory) -> Memory:
    """Return the bundle with addresses in place of arrays."""
    return Memory(
        address(memory.cost),
        address(memory.best),
        address(memory.keys),
        address(memory.line),
        address(memory.random),
    )


@njit
def bare_dials(dials: Dials) -> Dials:
    """Return the bundle with addresses in place of arrays."""
    return Dials(
        dials.temperature,
        dials.mean_removed,
        dials.longest,
        dials.blink,
        dials.open_share,
        address(dials.orders),
    )
