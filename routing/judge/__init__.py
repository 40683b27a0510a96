"""The independent judge's rules, one file for each kind: none of them imports an engine, its walk or its grid."""
