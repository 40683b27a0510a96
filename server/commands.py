"""The server's command line."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from server import processes, proof_commands, restoring, schema
from server.accounts import repository as accounts
from server.accounts import service as account_service
from server.basemap import building
from server.core import clock, logs, texts
from server.core.settings import TRAVEL_PROVIDERS, Settings
from server.core.unit_of_work import Actor
from server.devices import service as devices
from server.dispatch.travel import desk as travel_desk
from server.dispatch.travel import learning
from server.intake import importing
from server.sync import evidence
from server.work_orders import service as work_orders
from shared import facts, ids
from shared.errors import DomainError
from shared.machine import Role

_FAILED: Final = 2


def run(arguments: list[str]) -> int:
    """Run one command; an anticipated failure is one clear line in both languages and exit code 2."""
    logs.set_up_logs()
    parsed = _parser().parse_args(arguments)
    try:
        settings = Settings.from_env(os.environ)
        command: Callable[[Settings, argparse.Namespace], int] = parsed.command
        return command(settings, parsed)
    except DomainError as refused:
        for lang in texts.LANGUAGES:
            sys.stderr.write(texts.catalog().text(lang, f"error.{refused.code}", **refused.data) + "\n")
        return _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server", description="Leakfirst: dispatch server")
    parser.set_defaults(command=_serve)
    commands = parser.add_subparsers()
    commands.add_parser("gateway", help="HTTP and sockets").set_defaults(command=_gateway)
    commands.add_parser("worker", help="reactions, duties, planning").set_defaults(command=_worker)
    commands.add_parser("migrate", help="bring the database up to date").set_defaults(command=_migrate)
    imports = commands.add_parser("import-orders", help="import orders from a CSV file")
    imports.set_defaults(command=_import_orders)
    imports.add_argument("file", type=Path)
    imports.add_argument("--preset", required=True)
    imports.add_argument("--branch", default="")
    imports.add_argument("--day", default="")
    proof_commands.add(commands)
    _add_backup_commands(commands)
    _add_device_commands(commands)
    branch = commands.add_parser("create-branch", help="add a branch with its place on the map")
    branch.set_defaults(command=_create_branch)
    branch.add_argument("name", help="Chinese name")
    branch.add_argument("--name-en", default="")
    branch.add_argument("--lat", type=float, required=True)
    branch.add_argument("--lon", type=float, required=True)
    _add_travel_commands(commands)
    user = commands.add_parser("create-user", help="add somebody who may sign in")
    user.set_defaults(command=_create_user)
    user.add_argument("user_name")
    user.add_argument("--name", default="")
    user.add_argument("--role", choices=["admin", "dispatcher", "agent"], default="dispatcher")
    user.add_argument("--branch", default="")
    return parser


def _add_backup_commands(commands: Any) -> None:
    backup = commands.add_parser("backup", help="copy the embedded database into a file; the server may run")
    backup.set_defaults(command=_back_up)
    backup.add_argument("file", type=Path)
    restore = commands.add_parser("restore", help="put a backup in the database's place; phones send 7 days again")
    restore.set_defaults(command=_restore)
    restore.add_argument("file", type=Path)
    begin = commands.add_parser("new-generation", help="after pg_restore: let phones send 7 days again")
    begin.set_defaults(command=_begin_generation)


def _add_device_commands(commands: Any) -> None:
    for kind, words in (
        (devices.LOCK, "lock a phone at its next contact"),
        (devices.UNLOCK, "open a locked phone again"),
        (devices.WIPE, "wipe a phone at its next contact: final"),
    ):
        order = commands.add_parser(f"{kind}-device", help=words)
        order.set_defaults(command=_order_device, kind=kind)
        order.add_argument("device", help="the phone's id, as the console's list of phones names it")
    recover = commands.add_parser("recover-evidence", help="open what a wiped phone had sealed for this server")
    recover.set_defaults(command=_recover_evidence)
    recover.add_argument("files", type=Path, nargs="+")
    recover.add_argument("--branch", default="")


def _add_travel_commands(commands: Any) -> None:
    roads = commands.add_parser("build-roads", help="make the road graph of an OpenStreetMap file")
    roads.set_defaults(command=_build_roads)
    roads.add_argument("file", type=Path)
    roads.add_argument("--out", type=Path, required=True)
    roads.add_argument("--date", default="", help="day of the data (YYYY-MM-DD) when the file does not tell it")
    city = commands.add_parser("build-map", help="make road graph, map tiles and address index of a city")
    city.set_defaults(command=_build_map)
    city.add_argument("file", type=Path)
    city.add_argument("--out", type=Path, required=True, help="folder, later named by LEAKFIRST_BASEMAP_DIR")
    city.add_argument("--date", default="", help="day of the data (YYYY-MM-DD) when the file does not tell it")
    choice = commands.add_parser("set-travel", help="choose a branch's provider of travel times")
    choice.set_defaults(command=_set_travel)
    choice.add_argument("provider", choices=TRAVEL_PROVIDERS)
    choice.add_argument("--source", default="", help="road graph file, or address of the OSRM server")
    choice.add_argument("--branch", default="")
    edition = commands.add_parser("set-edition", help="choose which of two legal editions of a protocol a branch uses")
    edition.set_defaults(command=_set_edition)
    edition.add_argument("ref", help="id@edition, such as igem-up-1b@4")
    edition.add_argument("--branch", default="")
    learn = commands.add_parser("calibrate-travel", help="learn travel times from the technicians' own trips")
    learn.set_defaults(command=_calibrate_travel)
    learn.add_argument("--branch", default="")


def _serve(settings: Settings, _arguments: argparse.Namespace) -> int:
    schema.upgrade(settings.database_url)
    return processes.supervise(["gateway", "worker", "auditor"])


def _gateway(settings: Settings, _arguments: argparse.Namespace) -> int:
    from server.realtime import launch  # noqa: PLC0415 - gevent belongs to this process alone

    launch.run_gateway(settings)
    return 0


def _worker(settings: Settings, _arguments: argparse.Namespace) -> int:
    processes.run_worker(settings)
    return 0


def _migrate(settings: Settings, _arguments: argparse.Namespace) -> int:
    schema.upgrade(settings.database_url)
    return 0


def _import_orders(settings: Settings, arguments: argparse.Namespace) -> int:
    services = processes.make_services(settings)
    branch_id = arguments.branch or services.uow.read(lambda s: accounts.get_first_branch(s).id)
    preset = importing.load_preset(arguments.preset)
    outcome = importing.import_orders(services, branch_id, arguments.file, preset, day=arguments.day)
    for line in importing.describe(outcome):
        sys.stdout.write(line + "\n")
    return 0 if not outcome.bad_rows else 1


def _back_up(settings: Settings, arguments: argparse.Namespace) -> int:
    restoring.back_up(settings, arguments.file)
    return 0


def _restore(settings: Settings, arguments: argparse.Namespace) -> int:
    sys.stdout.writelines(f"{branch_id}\n" for branch_id in restoring.restore(settings, arguments.file))
    return 0


def _begin_generation(settings: Settings, _arguments: argparse.Namespace) -> int:
    sys.stdout.writelines(f"{branch_id}\n" for branch_id in restoring.begin_generation(settings))
    return 0


def _order_device(settings: Settings, arguments: argparse.Namespace) -> int:
    services = processes.make_services(settings)
    device = services.uow.read(lambda s: accounts.find_device(s, arguments.device))
    if device is None:
        raise DomainError("not_found", what="device")
    actor = Actor.system(device.branch_id)
    services.uow.run(actor, lambda tx: devices.give_order(tx, device.id, arguments.kind))
    sys.stdout.write(f"{device.id}: {arguments.kind}\n")
    return 0


def _recover_evidence(settings: Settings, arguments: argparse.Namespace) -> int:
    services = processes.make_services(settings)
    branch_id = arguments.branch or services.uow.read(lambda s: accounts.get_first_branch(s).id)
    for path in arguments.files:
        found = evidence.recover(services, branch_id, path.read_bytes(), None)
        sys.stdout.write(f"{path}: {found.events} events {found.photo}{'' if found.is_new else ' (known already)'}\n")
    return 0


def _create_branch(settings: Settings, arguments: argparse.Namespace) -> int:
    facts.check_place(arguments.lat, arguments.lon)
    services = processes.make_services(settings)
    branch_id = ids.uuid7(clock.real_ms(), clock.random_bytes(10))
    name = {"zh_CN": arguments.name, "en": arguments.name_en or arguments.name}
    place = (arguments.lat, arguments.lon)
    services.uow.run(Actor.system(branch_id), lambda tx: account_service.create_branch(tx, name, place))
    sys.stdout.write(f"{branch_id}\n")
    return 0


def _build_roads(_settings: Settings, arguments: argparse.Namespace) -> int:
    from server.dispatch.travel import osm, roads, rules  # noqa: PLC0415 - scipy's half second belongs to this command alone

    net = osm.read_roads(arguments.file, rules.road_rules(), arguments.date)
    roads.save_roads(net, arguments.out)
    sys.stdout.write(
        f"{net.junctions} junctions, {net.edges} edges, {net.length_m.sum() / 1000:.0f} km: {arguments.out}\n"
    )
    return 0


def _build_map(_settings: Settings, arguments: argparse.Namespace) -> int:
    about = building.build_map(arguments.file, arguments.out, arguments.date)
    for name, value in about.items():
        sys.stdout.write(f"{name}: {value}\n")
    return 0


def _set_travel(settings: Settings, arguments: argparse.Namespace) -> int:
    services = processes.make_services(settings)
    branch_id = arguments.branch or services.uow.read(lambda s: accounts.get_first_branch(s).id)
    source = str(Path(arguments.source).resolve()) if arguments.provider == "roadgraph" else arguments.source
    travel_desk.check_choice(arguments.provider, source)
    services.uow.run(Actor.system(branch_id), lambda tx: travel_desk.choose(tx, arguments.provider, source))
    sys.stdout.write(f"{branch_id}: {arguments.provider} {source}\n")
    return 0


def _set_edition(settings: Settings, arguments: argparse.Namespace) -> int:
    services = processes.make_services(settings)
    branch_id = arguments.branch or services.uow.read(lambda s: accounts.get_first_branch(s).id)
    services.uow.run(Actor.system(branch_id), lambda tx: work_orders.choose_edition(tx, arguments.ref))
    sys.stdout.write(f"{branch_id}: {arguments.ref}\n")
    return 0


def _calibrate_travel(settings: Settings, arguments: argparse.Namespace) -> int:
    services = processes.make_services(settings)
    branch_id = arguments.branch or services.uow.read(lambda s: accounts.get_first_branch(s).id)
    learnt = learning.learn_branch(services.uow, branch_id, settings.time_zone)
    for provider, calibration in learnt.items():
        for line in learning.describe(provider, calibration):
            sys.stdout.write(line + "\n")
    return 0


def _create_user(settings: Settings, arguments: argparse.Namespace) -> int:
    services = processes.make_services(settings)
    branch_id = arguments.branch or services.uow.read(lambda s: accounts.get_first_branch(s).id)
    password = os.environ.get("LEAKFIRST_PASSWORD") or getpass.getpass()
    role, name = Role(arguments.role), arguments.name or arguments.user_name
    actor = Actor.system(branch_id)
    services.uow.run(actor, lambda tx: account_service.create_account(tx, arguments.user_name, name, role, password))
    return 0
