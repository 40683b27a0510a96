"""The sync call over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import requests

from mobile.sync.transport import Reply, TransportError


class HttpTransport:
    """Posts JSON to one server with the device's token; certificates are always verified."""

    def __init__(self, server_url: str, token: str = "", *, certificates: str | None = None) -> None:
        """Speak to `server_url`; `certificates` is the path of a company's own root certificates."""
        self._server_url = server_url.rstrip("/")
        self._token = token
        self._certificates = certificates
        self._sessions = threading.local()

    def post(self, path: str, payload: bytes, timeout_s: float) -> Reply:
        """Return the answer, whatever its status. Raises TransportError when there is none."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            answer = self._session().post(
                self._server_url + path, data=payload, headers=headers, timeout=timeout_s, allow_redirects=False
            )
        except (requests.RequestException, ValueError, OSError) as error:  # urllib3 lets some of its own pass
            raise TransportError(str(error)) from error
        return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)

    def exchange(self, method: str, path: str, headers: Mapping[str, str], payload: bytes, timeout_s: float) -> Reply:
        """Return the answer to a call of the file lane. Raises TransportError when there is none."""
        told = {**headers, "Authorization": f"Bearer {self._token}"}
        try:
            answer = self._session().request(
                method, self._server_url + path, data=payload, headers=told, timeout=timeout_s, allow_redirects=False
            )
        except (requests.RequestException, ValueError, OSError) as error:
            raise TransportError(str(error)) from error
        return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)

    def _session(self) -> requests.Session:
        # One session per thread: a long poll and a call with events run at the same time.
        session = getattr(self._sessions, "session", None)
        if not isinstance(session, requests.Session):
            session = requests.Session()
            session.trust_env = False  # a phone's call never goes through a proxy that it was not given
            session.verify = self._certificates or True
            self._sessions.session = session
        return session
