"""Search for plans that are paid by working time, with tools and parts on the van and at the depot.

The window chain of a route is kept as segments (duration, earliest start, latest start) that join in constant time;
the working time of a route is the duration of its segment: end at home less the latest departure that keeps that end.
"""
