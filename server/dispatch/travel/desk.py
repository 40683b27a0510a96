"""Chooses who tells a branch's travel times. One answer has one provider: on failure another one answers whole."""

from __future__ import annotations

import dataclasses
import enum
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
from sqlalchemy import orm

from routing.problem import Place, Problem
from routing.travel import GivenMatrix, TravelTimes
from server.core.settings import TRAVEL_PROVIDERS, Settings
from server.core.unit_of_work import Tx
from server.dispatch.rules import travel_profile
from server.dispatch.travel import repository
from server.dispatch.travel.calibration import Calibration
from server.dispatch.travel.models import TravelChoice
from server.dispatch.travel.rules import road_rules, travel_rules
from server.dispatch.travel.straight import STRAIGHT, CalibratedLine, local_hour
from shared.errors import DomainError

if TYPE_CHECKING:  # scipy and requests are loaded only where a branch needs them: they cost every process half a second
    from server.dispatch.travel.remote import RemoteTimes
    from server.dispatch.travel.roadgraph import RoadGraph
    from server.dispatch.travel.roadtimes import RoadTimes

_log = structlog.get_logger(__name__)

_, ROADGRAPH, OSRM = TRAVEL_PROVIDERS


class Patience(enum.IntEnum):
    """What whoever asks can wait for: nothing at all, some milliseconds, any computing, or the network too.

    Whoever holds the writer's lock waits for milliseconds at most.
    """

    NONE = 0
    LITTLE = 1
    SEARCH = 2
    FETCH = 3


@dataclasses.dataclass(frozen=True)
class Terms:
    """What a branch has chosen, with the source (road file or server), and what its trips have taught."""

    provider: str
    source: str
    straight: Calibration | None = None
    roads: Calibration | None = None


def read_terms(session: orm.Session, branch_id: str) -> Terms:
    """Return the terms of a branch: its own choice, else the operator's setting."""
    choice = repository.find_choice(session, branch_id)
    provider, source = (choice.provider, choice.source) if choice else _desk.standard
    return Terms(
        provider,
        source or _desk.find_source(provider),
        _calibration(session, branch_id, STRAIGHT),
        _calibration(session, branch_id, ROADGRAPH) if provider != STRAIGHT else None,
    )


def _calibration(session: orm.Session, branch_id: str, provider: str) -> Calibration | None:
    row = repository.find_calibration(session, branch_id, provider)
    return msgspec.convert(row.calibration, Calibration) if row is not None else None


def list_places(problem: Problem) -> list[Place]:
    """Return every place of a problem that a plan may drive from or to, each once."""
    places = [job.place for job in problem.jobs]
    places += [technician.place for technician in problem.technicians]
    places += [technician.end_place for technician in problem.technicians if technician.end_place is not None]
    places += [technician.leave.place for technician in problem.technicians if technician.leave is not None]
    places += [depot.place for depot in problem.depots]
    return list(dict.fromkeys(places))


def times_for(terms: Terms, places: Sequence[Place], when_s: int, patience: Patience) -> TravelTimes:
    """Return travel times for these places at a time of day, ready to be asked; never raises.

    When the chosen provider cannot answer, the operator's road graph does, else the calibrated straight line; the
    provenance then says why.
    """
    note = ""
    for asked in _desk.list_asked(terms):
        try:
            travel = _desk.chosen(asked, places, when_s, patience)
        except DomainError as failed:
            note = note or f"({terms.provider} failed: {reason_of(failed)})"
            _log.info("travel times fall back", provider=asked.provider, reason=reason_of(failed))
        else:
            return travel.noted(note) if note and not isinstance(travel, GivenMatrix) else travel
    return straight_line(terms, note)


def straight_line(terms: Terms, note: str = "") -> CalibratedLine:
    """Return the calibrated straight line: it knows every place and asks nobody."""
    return CalibratedLine(travel_profile(), terms.straight, _desk.time_zone, note)


def portable(travel: TravelTimes, places: Sequence[Place], when_s: int) -> TravelTimes:
    """Return the same times in a form that another process can be handed."""
    if isinstance(travel, (CalibratedLine, GivenMatrix)):
        return travel
    return GivenMatrix(places, *travel.matrix(places, places, when_s), quality=travel.quality)


def find_loaded_graph(terms: Terms) -> RoadGraph | None:
    """Return the road graph that a branch can use, loaded now; None without one, or when its file is unusable."""
    source = terms.source if terms.provider == ROADGRAPH else _desk.find_source(ROADGRAPH)
    try:
        return _desk.load_graph(source) if source else None
    except DomainError as failed:
        _log.warning("road graph unusable", reason=failed.data)
        return None


def list_off_road(terms: Terms, places: Sequence[Place]) -> list[tuple[int, float]]:
    """Return which of the places lie too far from any road of the branch's graph, with the metres; nothing waits."""
    graph = _desk.find_graph(terms.source) if terms.provider == ROADGRAPH else None
    return graph.off_road(places) if graph is not None else []


def reason_of(failed: DomainError) -> str:
    """Return a failure in short, as the provenance carries it."""
    if failed.code == "travel_failed":
        return str(failed.data["reason"])
    if "lat" in failed.data:
        return f"{failed.code} {failed.data['lat']:.5f},{failed.data['lon']:.5f}"
    return failed.code


def check_choice(provider: str, source: str) -> None:
    """Raise DomainError `setting_invalid` or `roads_unusable` for a choice of provider that could never answer."""
    if provider not in TRAVEL_PROVIDERS:
        raise DomainError("setting_invalid", name="travel", value=provider)
    if provider == OSRM and not source.startswith(("http://", "https://")):
        raise DomainError("setting_invalid", name="source", value=source)
    if provider == ROADGRAPH:
        _desk.load_graph(source)


def choose(tx: Tx, provider: str, source: str) -> None:
    """Set a branch's own provider; `check_choice` has judged it before the transaction."""
    tx.session.merge(TravelChoice(branch_id=tx.branch_id, provider=provider, source=source))


def configure(settings: Settings) -> None:
    """Take the operator's settings; called once at the start of a process."""
    _desk.configure(settings.travel, str(settings.roads_file or ""), settings.osrm_url, settings.time_zone)


class _Desk:
    """The providers of this process, each made once for its source."""

    def __init__(self) -> None:
        self.time_zone = "Asia/Shanghai"
        self.standard = (STRAIGHT, "")
        self._sources: dict[str, str] = {}
        self._graphs: dict[str, tuple[int, RoadGraph]] = {}
        self._remotes: dict[str, RemoteTimes] = {}
        self._making = threading.Lock()

    def configure(self, provider: str, roads_file: str, osrm_url: str, time_zone: str) -> None:
        """Keep the operator's choice."""
        self.time_zone = time_zone
        self._sources = {ROADGRAPH: roads_file, OSRM: osrm_url}
        self.standard = (provider, self.find_source(provider))

    def find_source(self, provider: str) -> str:
        """Return the operator's source for a provider."""
        return self._sources.get(provider, "")

    def find_graph(self, source: str) -> RoadGraph | None:
        """Return a graph that is loaded already."""
        found = self._graphs.get(source)
        return found[1] if found else None

    def list_asked(self, terms: Terms) -> list[Terms]:
        """Return whom to ask before the straight line, in order: a server's stand-in is the operator's road graph."""
        if terms.provider == STRAIGHT:
            return []
        stand_in = self.find_source(ROADGRAPH) if terms.provider == OSRM else ""
        more = [dataclasses.replace(terms, provider=ROADGRAPH, source=stand_in)] if stand_in else []
        return [terms, *more]

    def chosen(self, terms: Terms, places: Sequence[Place], when_s: int, patience: Patience) -> RoadTimes | GivenMatrix:
        """Return the chosen provider with these places known to it. Raises DomainError."""
        if terms.provider == ROADGRAPH:
            return self._roads(terms, places, when_s, patience)
        remote = self._remotes.get(terms.source) if patience < Patience.FETCH else self._remote(terms.source)
        if remote is None or (patience < Patience.FETCH and remote.count_new(places)):
            raise not_ready(OSRM)
        return remote.given(places)

    def _roads(self, terms: Terms, places: Sequence[Place], when_s: int, patience: Patience) -> RoadTimes:
        is_hurried, instant = patience < Patience.SEARCH, travel_rules().instant
        graph = self.find_graph(terms.source) if is_hurried else self.load_graph(terms.source)
        most_new = instant.most_new_places if patience is Patience.LITTLE else 0
        if graph is None or (is_hurried and graph.count_new(places) > most_new):
            raise not_ready(ROADGRAPH)
        if not graph.learn(places, instant.wait_s if is_hurried else None):
            raise DomainError("travel_failed", provider=ROADGRAPH, reason="busy", may_pass=True)
        band = terms.roads.find_band(local_hour(when_s, self.time_zone)) if terms.roads else None
        times = graph.times(places)
        return times.paced(band.start_up_s, band.pace, terms.roads.label) if band and terms.roads else times

    def load_graph(self, source: str) -> RoadGraph:
        """Return the graph of a road file, loaded again when the file has changed. Raises `roads_unusable`."""
        from server.dispatch.travel import roadgraph, roads  # noqa: PLC0415 - scipy, only where it is needed

        path = Path(source)
        changed_ns = path.stat().st_mtime_ns if path.is_file() else 0
        with self._making:
            found = self._graphs.get(source)
            if found is None or found[0] != changed_ns:
                found = (changed_ns, roadgraph.RoadGraph(roads.load_roads(path), road_rules()))
                self._graphs[source] = found
            return found[1]

    def _remote(self, source: str) -> RemoteTimes:
        from server.dispatch.travel import osrm, remote  # noqa: PLC0415 - requests, only where it is needed

        if not source:
            raise DomainError("travel_failed", provider=OSRM, reason="no_address", may_pass=False)
        with self._making:
            if source not in self._remotes:
                rules = travel_rules().osrm
                start_up_s = road_rules().start_up_s
                self._remotes[source] = remote.RemoteTimes(osrm.OsrmTables(source, rules), rules, start_up_s)
            return self._remotes[source]


def not_ready(provider: str) -> DomainError:
    """Return the error of a provider that would have to look something up first."""
    return DomainError("travel_failed", provider=provider, reason="not_ready", may_pass=True)


_desk: Final = _Desk()
