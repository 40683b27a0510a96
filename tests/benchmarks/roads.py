"""What the road graph costs on a real extract: `python -m tests.benchmarks.roads FILE.osm.pbf --json OUT`, CPU time."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from routing.problem import Place
from server.dispatch.travel.osm import read_roads
from server.dispatch.travel.roadgraph import RoadGraph
from server.dispatch.travel.roads import RoadNet, load_roads, save_roads
from server.dispatch.travel.rules import road_rules

KNOWN, ADDED = 300, 60


def doors(net: RoadNet, count: int, seed: int) -> list[Place]:
    """Return places some 30 m beside random points of the roads."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, len(net.shape_lat), count)
    off = rng.normal(0, 0.0003, (count, 2))
    return [
        Place(lat=float(net.shape_lat[i] + a), lon=float(net.shape_lon[i] + b))
        for i, (a, b) in zip(chosen, off, strict=True)
    ]


def measure(file: Path, out: Path) -> dict[str, float]:
    """Return sizes and CPU seconds of building, loading, a first matrix, and single places added to it."""
    begun = time.process_time()
    save_roads(read_roads(file, road_rules()), out)
    built = time.process_time()
    net = load_roads(out)
    graph = RoadGraph(net, road_rules())
    loaded = time.process_time()
    places = doors(net, KNOWN, 1)
    graph.matrix(places, places, 0)
    first = time.process_time()
    spans_ms = []
    for place in doors(net, ADDED, 2):
        start = time.process_time()
        graph.matrix([place], places, 0)
        spans_ms.append(1000 * (time.process_time() - start))
        places.append(place)
    return {
        "junctions": net.junctions,
        "edges": net.edges,
        "km": round(float(net.length_m.sum()) / 1000),
        "build_s": round(built - begun, 2),
        "load_s": round(loaded - built, 3),
        "file_mb": round(out.stat().st_size / 1e6, 2),
        f"matrix_{KNOWN}_s": round(first - loaded, 2),
        "add_one_p50_ms": round(float(np.percentile(spans_ms, 50)), 1),
        "add_one_p95_ms": round(float(np.percentile(spans_ms, 95)), 1),
    }


def main(arguments: list[str]) -> int:
    """Measure every file; write rows and print them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.roads")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    asked = parser.parse_args(arguments)
    rows = []
    for file in asked.files:
        rows.append({"file": file.name, **measure(file, asked.json.with_suffix(".npz"))})
        sys.stdout.write(f"{json.dumps(rows[-1])}\n")
    asked.json.write_text(json.dumps({"rows": rows}, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
