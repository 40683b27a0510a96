"""Entry of the packed service: a process of its own that syncs while the screens are away."""

from __future__ import annotations

from pathlib import Path

from mobile import background
from mobile.platform import android

background.run(Path(android.private_folder()), android.ServiceMachine())
