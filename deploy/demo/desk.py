"""The hotline agent of a run: signs in like anybody and reports faults over HTTP."""

from __future__ import annotations

import re
import time
from typing import Any, Final

import requests

from deploy.demo.seeding import PASSWORD

_TOKEN: Final = re.compile(r'name="csrf[-_]token"[^>]*?(?:value|content)="([^"]+)"')
_SIGNED_OUT: Final = 401
_TRIES: Final = 600  # a killed gateway needs many seconds to come up on a busy machine
_PAUSE_S: Final = 0.1


class HotlineDesk:
    """An agent's console session without a browser."""

    def __init__(self, url: str, user_name: str) -> None:
        """Sign in. Raises RuntimeError when the server refuses."""
        self._url, self._user_name = url, user_name
        self._session = requests.Session()
        self._token = ""
        self._sign_in()

    def _sign_in(self) -> None:
        page = self._session.get(f"{self._url}/sign-in", timeout=10)
        form = {"user_name": self._user_name, "password": PASSWORD, "csrf_token": _token(page.text)}
        answer = self._session.post(f"{self._url}/sign-in", data=form, timeout=10)
        answer.raise_for_status()
        self._token = _token(answer.text)

    def report(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take a report in; sent again with the same reference when the line breaks, which opens no second order."""
        for _ in range(_TRIES):
            try:
                return self.post("/api/v1/intake/reports", body)
            except requests.ConnectionError:
                time.sleep(_PAUSE_S)
        raise TimeoutError(self._url)

    def issue_code(self, technician_id: str) -> str:
        """Return a one-time code for a technician's phone (dispatchers only)."""
        return str(self.post("/api/v1/devices/codes", {"technician_id": technician_id})["code"])

    def get(self, path: str) -> dict[str, Any]:
        """Return what a path answers. Raises RuntimeError when the server refuses."""
        answer = self._session.get(self._url + path, timeout=30)
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
        value: dict[str, Any] = answer.json()
        return value

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send JSON as the console does. Raises RuntimeError when the server refuses."""
        answer = self._send(path, body)
        if answer.status_code == _SIGNED_OUT:  # a shift's session ends; the day is longer
            self._sign_in()
            answer = self._send(path, body)
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
        value: dict[str, Any] = answer.json()
        return value

    def _send(self, path: str, body: dict[str, Any]) -> requests.Response:
        headers = {"X-CSRF-Token": self._token}
        return self._session.post(self._url + path, json=body, headers=headers, timeout=30)


def _token(html: str) -> str:
    found = _TOKEN.search(html)
    if found is None:
        raise RuntimeError("the page carries no CSRF token")
    return found[1]
