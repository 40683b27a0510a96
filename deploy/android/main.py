"""Entry of the packed app: Android starts this file."""

from __future__ import annotations

import os

from mobile.platform import android, texts, window

os.environ.setdefault("LEAKFIRST_PHONE_DIR", android.private_folder())
window.prepare(android.kivy_home())

from mobile import app  # noqa: E402 - Kivy reads its environment on import

android.make_channels(lambda key: texts.load_texts().text("zh_CN", key))
android.ask_permissions(android.start_service)
app.main()
