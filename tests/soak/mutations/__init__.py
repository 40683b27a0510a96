"""Changes to sealed evidence: every one must be seen by the server, the command line and the offline page."""
