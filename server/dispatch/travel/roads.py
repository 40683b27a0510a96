"""The road net as arrays: junctions, pieces of road between them, their shape; how it is kept in a file."""

from __future__ import annotations

import dataclasses
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from server.dispatch.travel.geometry import Floats, Whole
from shared.errors import DomainError

_FORMAT: Final = 1


@dataclasses.dataclass(frozen=True)
class RoadNet:
    """A strongly connected road net of n junctions and p pieces; piece i runs from ``piece_a[i]`` to ``piece_b[i]``.

    ``forward_s`` and ``backward_s`` are driving seconds along and against the piece (inf: not allowed), ``length_m``
    metres; its shape is ``shape_lat/lon[shape_from[i]:shape_from[i + 1]]`` in degrees, both ends included.
    """

    node_lat: Floats
    node_lon: Floats
    piece_a: Whole
    piece_b: Whole
    forward_s: Floats
    backward_s: Floats
    length_m: Floats
    shape_from: Whole
    shape_lat: Floats
    shape_lon: Floats
    source: str
    source_hash: str
    data_date: str
    rules_edition: str

    @property
    def junctions(self) -> int:
        """How many junctions there are."""
        return len(self.node_lat)

    @property
    def edges(self) -> int:
        """How many directed edges there are."""
        return int(np.isfinite(self.forward_s).sum() + np.isfinite(self.backward_s).sum())

    def links(self) -> tuple[Whole, Whole, Floats, Floats]:
        """Return the directed edges: from, to, seconds, metres; loops from a junction to itself are left out."""
        tails = np.concatenate([self.piece_a, self.piece_b])
        heads = np.concatenate([self.piece_b, self.piece_a])
        seconds = np.concatenate([self.forward_s, self.backward_s])
        metres = np.concatenate([self.length_m, self.length_m])
        kept = np.isfinite(seconds) & (tails != heads)
        return tails[kept], heads[kept], seconds[kept], metres[kept]


def save_roads(net: RoadNet, path: Path) -> None:
    """Write the net as one compressed npz file; an older file is replaced only when the new one is whole.

    Raises DomainError ``roads_unusable`` where nothing can be written.
    """
    fields = {field.name: getattr(net, field.name) for field in dataclasses.fields(net)}
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as file:
            np.savez_compressed(file, format=np.int64(_FORMAT), **fields)
        unfinished.replace(path)
    except OSError as error:
        raise unusable(path, error.strerror or "") from error


def load_roads(path: Path) -> RoadNet:
    """Read a net. Raises DomainError ``roads_unusable`` for a file that is missing, cut off, or of another make."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    # EOFError: empty; BadZipFile, ValueError, zlib.error: no npz, cut off, or overwritten in part.
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise unusable(path, f"{type(error).__name__}: {error}") from error
    if arrays.pop("format", None) != _FORMAT:
        raise unusable(path, "format")
    return _checked(path, arrays)


def unusable(path: Path, reason: str) -> DomainError:
    """Return the error of a road file that cannot be used."""
    return DomainError("roads_unusable", file=path.name, reason=reason)


def _checked(path: Path, arrays: dict[str, Any]) -> RoadNet:
    wanted = {field.name: field.type for field in dataclasses.fields(RoadNet)}
    if wanted.keys() != arrays.keys():
        raise unusable(path, f"fields {sorted(wanted.keys() ^ arrays.keys())}")
    values: dict[str, Any] = {name: str(arrays[name]) if wanted[name] == "str" else arrays[name] for name in wanted}
    for name, kind in wanted.items():
        dtype = {"Floats": "f8", "Whole": "i4"}.get(str(kind))
        if dtype is not None and (values[name].dtype != np.dtype(dtype) or values[name].ndim != 1):
            raise unusable(path, name)
    net = RoadNet(**values)
    fault = _find_fault(net)
    if fault:
        raise unusable(path, fault)
    return net


def _find_fault(net: RoadNet) -> str:
    """Return what contradicts itself in a net, or nothing."""
    pieces = len(net.piece_a)
    sizes = {len(net.piece_b), len(net.forward_s), len(net.backward_s), len(net.length_m), len(net.shape_from) - 1}
    if not pieces or sizes != {pieces} or len(net.node_lat) != len(net.node_lon):
        return "sizes"
    ends = np.concatenate([net.piece_a, net.piece_b])
    if ends.min() < 0 or ends.max() >= net.junctions:
        return "ends"
    steps = np.diff(net.shape_from)
    if net.shape_from[0] != 0 or steps.min() < 2 or net.shape_from[-1] != len(net.shape_lat):  # noqa: PLR2004 - two ends
        return "shape"
    if len(net.shape_lon) != len(net.shape_lat) or not _in_range(net):
        return "places"
    return _find_fault_of_figures(net)


def _find_fault_of_figures(net: RoadNet) -> str:
    drives = np.concatenate([net.forward_s, net.backward_s])
    if np.isnan(drives).any() or drives.min() < 0 or not bool((net.length_m >= 0).all()):
        return "seconds"
    return "" if is_connected(net) else "not connected"


def label_parts(net: RoadNet) -> Whole:
    """Return for each junction the number of its strongly connected part."""
    tails, heads, seconds, _ = net.links()
    graph = coo_matrix((seconds, (tails, heads)), shape=(net.junctions, net.junctions)).tocsr()
    labels: Whole = connected_components(graph, directed=True, connection="strong")[1]
    return labels


def is_connected(net: RoadNet) -> bool:
    """Tell whether every junction reaches every other."""
    return bool((label_parts(net) == 0).all())


def _in_range(net: RoadNet) -> bool:
    lats, lons = np.concatenate([net.node_lat, net.shape_lat]), np.concatenate([net.node_lon, net.shape_lon])
    # NaN fails these comparisons too.
    return bool((np.abs(lats) <= 90.0).all() and (np.abs(lons) <= 180.0).all())  # noqa: PLR2004 - degrees of the globe
