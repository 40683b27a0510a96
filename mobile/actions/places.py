"""The way to a job: its place as an address that the phone's own maps understand."""

from __future__ import annotations

from urllib import parse

from shared import wire


def geo_uri(job: wire.Job) -> str:
    """Return a job's place as an RFC 5870 address (WGS-84 degrees); without a place the address is searched for."""
    words = parse.quote(job.address)
    if job.lat is None or job.lon is None:
        return f"geo:0,0?q={words}"
    return f"geo:{job.lat:.6f},{job.lon:.6f}?q={job.lat:.6f},{job.lon:.6f}({words})"
