"""What Android offers the app and its service through pyjnius; on any other machine nothing here is called.

Written against the Android documentation and python-for-android 2026.5.9; tried on no device yet.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from shared import wire

LEAK_CHANNEL: Final = "leak"
LINE_CHANNEL: Final = "line"
_SERVICE: Final = "org.leakfirst.leakfirst.ServiceSync"  # of the types location and dataSync
_PLACELESS: Final = "org.leakfirst.leakfirst.ServiceLine"  # the same without the type location
_HIGH: Final = 4  # NotificationManager.IMPORTANCE_HIGH: sounds and comes up
_LOW: Final = 2  # IMPORTANCE_LOW: silent
_ALARM_USAGE: Final = 4  # AudioAttributes.USAGE_ALARM: heard in spite of a muted ring tone
_PUBLIC: Final = 1  # Notification.VISIBILITY_PUBLIC: shown on the locked screen, it names no customer
_PARTIAL_WAKE_LOCK: Final = 1
_IMMUTABLE: Final = 1 << 26
_WAKE_MS: Final = 10 * 60 * 1000  # let go by itself if the service dies
_EVERY_MS: Final = 5_000
AT_RUN_TIME: Final = ("ACCESS_FINE_LOCATION", "ACCESS_COARSE_LOCATION", "POST_NOTIFICATIONS", "CAMERA")
_LEAK_BUZZ_MS: Final = (0, 800, 300, 800, 300, 800)


def is_android() -> bool:
    """Tell whether this process runs inside the packed app."""
    return "ANDROID_ARGUMENT" in os.environ


def private_folder() -> str:
    """Return the folder that only this app can read. Raises KeyError outside Android."""
    return str(Path(os.environ["ANDROID_PRIVATE"]) / "phone")


def kivy_home() -> Path:
    """Return Kivy's own folder. Raises KeyError outside Android."""
    return Path(os.environ["ANDROID_PRIVATE"]) / "kivy"


def make_channels(names: Callable[[str], str]) -> None:
    """Make the channels of notifications: leaks with the alarm's sound through do-not-disturb, the line in silence.

    `names` gives their texts. That do-not-disturb is passed has to be granted once in Android's settings.
    """
    java = _java()
    leak = java("android.app.NotificationChannel")(LEAK_CHANNEL, names("android.leak_channel"), _HIGH)
    builder = java("android.media.AudioAttributes$Builder")()
    ring = java("android.media.RingtoneManager")
    leak.setSound(ring.getDefaultUri(ring.TYPE_ALARM), builder.setUsage(_ALARM_USAGE).build())
    leak.setBypassDnd(True)
    leak.enableVibration(True)  # noqa: FBT003 - as above
    leak.setVibrationPattern(list(_LEAK_BUZZ_MS))
    leak.setLockscreenVisibility(_PUBLIC)
    line = java("android.app.NotificationChannel")(LINE_CHANNEL, names("android.line_channel"), _LOW)
    for channel in (leak, line):
        _notices(_activity(java)).createNotificationChannel(channel)


class Start(Protocol):
    """Goes on when Android has asked the technician."""

    def __call__(self, *, has_place: bool) -> None:
        """Go on; `has_place` when the place was granted."""
        ...


def ask_permissions(then: Start) -> None:
    """Ask for what Android grants at run time, then go on and tell whether the place was granted."""
    permissions = importlib.import_module("android.permissions")

    def on_answer(_names: list[str], granted: list[bool]) -> None:
        then(has_place=bool(granted) and granted[0])

    permissions.request_permissions([f"android.permission.{name}" for name in AT_RUN_TIME], on_answer)


def start_service(*, has_place: bool) -> None:
    """Start the service that goes on without the screens; started while the app is seen, as Android demands.

    From Android 14 on a service that names the type location ends with an error while the place is not granted: then
    the one without it syncs and rings. Only one of the two runs.
    """
    java = _java()
    wanted, other = (_SERVICE, _PLACELESS) if has_place else (_PLACELESS, _SERVICE)
    java(other).stop(_activity(java))
    java(wanted).start(_activity(java), "")


def ask_battery_exemption() -> None:
    """Ask Android not to put the app to sleep: a leak has to reach a phone in a pocket."""
    java = _java()
    activity = _activity(java)
    settings, uri = java("android.provider.Settings"), java("android.net.Uri")
    wanted = settings.ACTION_REQUEST_IGNORE_BATTERY_OPTIMIZATIONS
    activity.startActivity(java("android.content.Intent")(wanted, uri.parse(f"package:{activity.getPackageName()}")))


def ask_text(title: str, text: str, on_text: Callable[[str], None]) -> None:
    """Let the technician write in Android's own dialog, where every Chinese keyboard works; `on_text` gets the words.

    Kivy's field loses what such keyboards compose (kivy issues 5739, 7294, 8185). Called in Kivy's thread; `on_text` is
    called in Android's.
    """
    java, run_on_ui_thread = _java(), importlib.import_module("android.runnable").run_on_ui_thread
    listener = _listener(
        "android/content/DialogInterface$OnClickListener", "onClick", "(Landroid/content/DialogInterface;I)V"
    )

    def show() -> None:
        field = java("android.widget.EditText")(_activity(java))
        field.setText(text)
        builder = java("android.app.AlertDialog$Builder")(_activity(java))
        words = java("android.R$string")
        builder.setTitle(title).setView(field)
        builder.setPositiveButton(words.ok, listener(lambda *_: on_text(str(field.getText().toString()))))
        builder.setNegativeButton(words.cancel, None)
        builder.show()

    run_on_ui_thread(show)()


class ServiceMachine:
    """The service's hands: alarms, staying awake on shift, where the phone is."""

    def __init__(self) -> None:
        """Reach Android from the service's process."""
        self._java = _java()
        self._service = self._java("org.kivy.android.PythonService").mService
        self._lock: Any = None
        self._watcher: Any = None

    def alarm(self, key: str, title: str, text: str) -> None:
        """Ring for a leak over the locked screen; the words name no customer."""
        java, service = self._java, self._service
        intent = service.getPackageManager().getLaunchIntentForPackage(service.getPackageName())
        opening = java("android.app.PendingIntent").getActivity(service, 0, intent, _IMMUTABLE)
        builder = java("android.app.Notification$Builder")(service, LEAK_CHANNEL)
        builder.setContentTitle(title).setContentText(text).setSmallIcon(service.getApplicationInfo().icon)
        builder.setCategory("alarm").setVisibility(_PUBLIC).setOngoing(True)
        builder.setContentIntent(opening).setFullScreenIntent(opening, True)  # noqa: FBT003 - as Java has it
        _notices(service).notify(key, 1, builder.build())

    def silence(self, key: str) -> None:
        """Take an alarm down."""
        _notices(self._service).cancel(key, 1)

    def stay_awake(self, *, is_wanted: bool) -> None:
        """Keep the processor running on shift; the screen may go dark."""
        if is_wanted:
            power = self._service.getSystemService("power")
            self._lock = self._lock or power.newWakeLock(_PARTIAL_WAKE_LOCK, "leakfirst:shift")
            self._lock.acquire(_WAKE_MS)
        elif self._lock is not None and self._lock.isHeld():
            self._lock.release()

    def watch_place(self, on_place: Callable[[wire.Position], None], *, is_wanted: bool) -> None:
        """Report where the phone is while that is wanted; off duty Android itself is not asked any more.

        Raises what Java throws when the place is not granted, or its permission was taken back.
        """
        places = self._service.getSystemService("location")
        if is_wanted and self._watcher is None:
            listener = _listener(
                "android/location/LocationListener", "onLocationChanged", "(Landroid/location/Location;)V"
            )
            watcher = listener(lambda place: on_place(_position(place)))
            looper = self._java("android.os.Looper").getMainLooper()
            places.requestLocationUpdates("gps", _EVERY_MS, 0.0, watcher, looper)
            self._watcher = watcher  # only now: one that was refused is asked for again
        elif not is_wanted and self._watcher is not None:
            places.removeUpdates(self._watcher)
            self._watcher = None


def _position(place: Any) -> wire.Position:
    return wire.Position(
        at_ms=int(place.getTime()),
        lat=float(place.getLatitude()),
        lon=float(place.getLongitude()),
        accuracy_m=float(place.getAccuracy()),
        heading_deg=float(place.getBearing()) if place.hasBearing() else None,
        speed_m_s=float(place.getSpeed()) if place.hasSpeed() else None,
        is_mocked=bool(place.isFromMockProvider()),
    )


def _listener(interface: str, method: str, signature: str) -> Callable[[Callable[..., None]], Any]:
    """Return a class of Java objects that pass one call on to Python."""
    jnius = importlib.import_module("jnius")

    def pass_on(self: Any, *arguments: Any) -> None:
        self.take(*arguments)

    def make(take: Callable[..., None]) -> Any:
        kind = type(
            "Listener",
            (jnius.PythonJavaClass,),
            {
                "__javainterfaces__": [interface],
                "__javacontext__": "app",
                method: jnius.java_method(signature)(pass_on),
            },
        )
        made = kind()
        made.take = take
        return made

    return make


def _java() -> Callable[[str], Any]:
    autoclass: Callable[[str], Any] = importlib.import_module("jnius").autoclass
    return autoclass


def _activity(java: Callable[[str], Any]) -> Any:
    return java("org.kivy.android.PythonActivity").mActivity


def _notices(context: Any) -> Any:
    return context.getSystemService("notification")
