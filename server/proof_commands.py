"""Commands about evidence: verify files and chains, keep heads outside, change keys, make the verification page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import orm

from server import processes
from server.accounts import repository as accounts
from server.core import texts
from server.core.settings import Settings
from server.core.unit_of_work import Actor, Tx
from server.documents import files, page
from server.documents import repository as documents
from server.documents.files import Judged, Root
from server.reports import heads, verification
from server.seals import bundle
from server.seals import service as seals
from server.seals.bundle import Bundle, Signed
from server.seals.keyring import Keyring
from shared.errors import DomainError

Command = Callable[[Settings, argparse.Namespace], int]
_WRONG: Final = 1


def add(commands: Any) -> None:
    """Declare the commands."""
    verify = _command(commands, "verify", _verify, "verify files, or else the journal's chains and all records")
    verify.add_argument(
        "files", nargs="*", type=Path, help="records, bundles, heads, lists of issued files, PDF, photos"
    )
    verify.add_argument("--keys", type=Path, help="folder with the company's root.json and root.pem")
    verify.add_argument("--heads", type=Path, help="anchored heads: is the database still as long as they say?")
    told = _command(commands, "heads", _heads, "print a branch's signed chain heads, to be kept outside")
    told.add_argument("--json", action="store_true", help="JSON, which is also the default")
    issued = _command(commands, "issued", _issued, "print the signed list of a branch's issued files")
    records = _command(commands, "export-records", _export, "write all records of a branch with their proofs")
    for parser in (told, issued, records):
        parser.add_argument("--out", type=Path, help="file instead of standard output")
    rotate = _command(commands, "rotate-key", _rotate, "retire a branch's key and put a new one into use")
    for parser in (told, issued, records, rotate):
        parser.add_argument("--branch", default="")
    made = _command(commands, "verification-page", _page, "write the page that verifies copies without a network")
    made.add_argument("out", type=Path)
    made.add_argument("--with-issued", action="store_true", help="put every branch's list of issued files into it")


def _command(commands: Any, name: str, command: Command, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text)
    parser.set_defaults(command=command)
    return parser


def _verify(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.files:
        return _verify_files(settings, arguments)
    services = processes.make_services(settings)
    problems = services.uow.read(verification.list_problems)
    if arguments.heads:
        problems += _verify_heads(settings, arguments, services.uow.read)
    sys.stdout.writelines(f"{line}\n" for line in problems or ["ok"])
    return _WRONG if problems else 0


def _verify_files(settings: Settings, arguments: argparse.Namespace) -> int:
    missing = [path for path in arguments.files if not path.is_file()]
    if missing:
        raise DomainError("not_found", what=str(missing[0]))
    judged = files.judge_files(arguments.files, root_of(settings, arguments.keys))
    for item in judged:
        sys.stdout.write(describe(item) + "\n")
    return _WRONG if any(item.problems for item in judged) else 0


def root_of(settings: Settings, folder: Path | None = None) -> Root:
    """Return the company's root from a folder of keys, by default the server's own."""
    ring = Keyring(folder or settings.data_dir / "keys")
    return Root(ring.root_public(), ring.root_x509().public_bytes(Encoding.DER))


def describe(item: Judged) -> str:
    """Return one line for a file: its verdict, and every reason in both languages."""
    if not item.problems:
        return f"OK   {item.name} {item.code}".rstrip()
    return f"FAIL {item.name}: " + "; ".join(_reason(problem) for problem in item.problems)


def _reason(problem: str) -> str:
    code = problem.split("#", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    catalog = texts.catalog()
    told = [catalog.find(lang, f"proof.{code}") or catalog.find(lang, f"seal.{code}") for lang in texts.LANGUAGES]
    return f"{problem} ({' / '.join(text for text in told if text)})"


def _verify_heads(settings: Settings, arguments: argparse.Namespace, read: Callable[..., list[str]]) -> list[str]:
    data = arguments.heads.read_bytes()
    [judged] = files.judge_all([(str(arguments.heads), data)], root_of(settings, arguments.keys))
    signed = judged.statement
    if judged.problems or signed is None:
        return [describe(judged)]

    def work(session: orm.Session) -> list[str]:
        return heads.list_head_problems(session, signed)

    return read(work)


def _heads(settings: Settings, arguments: argparse.Namespace) -> int:
    return _write(settings, arguments, heads.sign_heads)


def _issued(settings: Settings, arguments: argparse.Namespace) -> int:
    return _write(settings, arguments, sign_issued)


def sign_issued(tx: Tx) -> Signed:
    """Return the branch's signed list of issued files."""
    return heads.sign_issued(tx, documents.list_files(tx.session, tx.branch_id))


def _export(settings: Settings, arguments: argparse.Namespace) -> int:
    return _write(settings, arguments, heads.make_bundle)


def _write(settings: Settings, arguments: argparse.Namespace, work: Callable[[Tx], Bundle | Signed]) -> int:
    services = processes.make_services(settings)
    branch_id = arguments.branch or services.uow.read(lambda s: accounts.get_first_branch(s).id)
    data = bundle.encode(services.uow.run(Actor.system(branch_id), work))
    if arguments.out:
        arguments.out.write_bytes(data)
    else:
        sys.stdout.write(data.decode() + "\n")
    return 0


def _rotate(settings: Settings, arguments: argparse.Namespace) -> int:
    services = processes.make_services(settings)
    branch_id = arguments.branch or services.uow.read(lambda s: accounts.get_first_branch(s).id)
    key = services.uow.run(Actor.system(branch_id), seals.rotate_branch_key)
    sys.stdout.write(f"{branch_id}: {key.public.key_id}\n")
    return 0


def _page(settings: Settings, arguments: argparse.Namespace) -> int:
    services = processes.make_services(settings)
    lists = []
    if arguments.with_issued:
        branches = services.uow.read(accounts.list_branches)
        lists = [services.uow.run(Actor.system(branch.id), sign_issued) for branch in branches]
    arguments.out.write_text(page.make(root_of(settings).key, lists), encoding="utf-8")
    sys.stdout.write(f"{arguments.out}\n")
    return 0
