"""`python -m deploy.demo [replay|phone] …`: play a day and report what was promised and kept."""

from __future__ import annotations

import sys

from deploy.demo import command

if __name__ == "__main__":
    sys.exit(command.main(sys.argv[1:]))
