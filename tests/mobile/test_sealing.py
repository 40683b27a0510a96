"""What a thief finds on a copied phone, and what happens when the key is not the one that sealed it (threat C8)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from unittest import mock

import msgspec
import pytest

from mobile import service
from mobile.platform import keys
from mobile.store import files, schema
from mobile.store.cipher import CHUNK_BYTES
from mobile.store.database import FILE_NAME, Store
from shared import facts, wire
from shared.errors import DomainError
from tests.mobile.office import START_MS, TOKEN, Office, job
from tests.mobile.phones import HandClock, open_phone
from tests.mobile.walk import Countdown

PHOTO = b"\xff\xd8\xff" + b"meter plate of Zhao's kitchen" * 6000
EMPTY_IDENTITY = dict.fromkeys(("server_url", "device_id", "technician_id", "branch_id", "branch_name"), "")
SECRETS = [text.encode() for text in ("赵敏", "138****0001", "桃北中街", "火焰发黄", "狗会咬人", "王建国", TOKEN)]


def words_on_disk(folder: Path) -> list[bytes]:
    """List what of the customer, the technician or the picture can be read in any file of the phone."""
    found = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return [secret for secret in (*SECRETS, PHOTO[3:40]) if secret in found]


def fill(phone: service.Phone, office: Office) -> None:
    """Give the phone a job, a note that was confirmed, one that waits, and a picture."""
    office.send(job())
    phone.sync_once()
    phone.act("add_note", "order-1", text="狗会咬人")
    phone.sync_once()
    phone.act("add_note", "order-1", text="狗会咬人，两只")
    phone.act("take_photo", "order-1", content=PHOTO, purpose="meter")


def test_copied_folder_shows_no_name_address_token_or_picture(
    phone: service.Phone, office: Office, tmp_path: Path
) -> None:
    """While the phone is open, journal and all, and after it was closed."""
    fill(phone, office)
    assert words_on_disk(tmp_path / "wang") == []
    phone.close()
    assert words_on_disk(tmp_path / "wang") == []
    assert len(list((tmp_path / "wang" / "files").iterdir())) == 1


def write_plain_phone(folder: Path) -> str:
    """Write the folder of a phone of the version that sealed nothing; return the picture's SHA-256."""
    folder.mkdir()
    with sqlite3.connect(folder / FILE_NAME) as db:
        for statement in schema.TABLES:
            db.execute(statement)
        known = json.dumps({**EMPTY_IDENTITY, "token": TOKEN, "technician_name": "王建国"}, ensure_ascii=False)
        db.executemany("INSERT INTO meta VALUES (?, ?)", [("identity", known), ("gen", "g"), ("cursor", "1")])
        db.execute("INSERT INTO jobs VALUES ('order-1', ?, 0, NULL)", (msgspec.json.encode(job()),))
        note = wire.PhoneEvent(
            id="e1",
            dseq=1,
            work_order_id="order-1",
            occurred=wire.Occurred(wall_ms=START_MS),
            body=facts.NoteAdded(text="狗会咬人"),
        )
        row = ("e1", "order-1", "a", 1, "note_added", 3, msgspec.json.encode(note))
        db.execute("INSERT INTO pending_events VALUES (1, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, NULL)", row)
        db.execute(f"PRAGMA user_version={schema.PLAIN}")
    db.close()
    (folder / "files").mkdir()
    (folder / "files" / "0f").write_bytes(PHOTO)
    return "0f"


def read_back(folder: Path) -> tuple[str, str, str, bytes]:
    """Open the phone; return its technician, the customer's name, the waiting note and the start of the picture."""
    phone = open_phone(folder, HandClock())
    identity, (note,) = phone.find_identity(), [item.event.body for item in phone.pending()]
    name, picture = phone.get_job("order-1").customer.name, files.open_picture(phone.desk.store, "0f").read(0, 40)
    phone.close()
    assert identity is not None
    assert isinstance(note, facts.NoteAdded)
    return identity.technician_name, name, note.text, picture


WHOLE = ("王建国", "赵敏", "狗会咬人", PHOTO[:40])


def open_and_die(folder: Path, kill_at: int) -> bool:
    """Open the store in a child that dies before its write number `kill_at`; tell whether it died."""
    child = os.fork()
    if child == 0:
        with mock.patch.object(sqlite3, "connect", Countdown(kill_at).connect):
            Store(folder).close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def test_plain_phone_is_sealed_at_its_first_start_and_keeps_everything(tmp_path: Path) -> None:
    """Nothing of the earlier version is lost, and no plain trace stays in the files."""
    write_plain_phone(tmp_path / "wang")
    assert words_on_disk(tmp_path / "wang") != []
    assert read_back(tmp_path / "wang") == WHOLE
    assert words_on_disk(tmp_path / "wang") == []


def test_phone_killed_while_it_is_sealed_loses_nothing(tmp_path: Path) -> None:
    """SIGKILL before every single write of the first start; the next start finishes the sealing."""
    kill_at = 1
    while True:
        folder = tmp_path / str(kill_at)
        write_plain_phone(folder)
        is_killed = open_and_die(folder, kill_at)
        assert read_back(folder) == WHOLE
        assert words_on_disk(folder) == []
        if not is_killed:
            break
        kill_at += 1
    assert kill_at > len(schema.TABLES)


def test_phone_without_its_key_says_so_and_changes_nothing(
    phone: service.Phone, office: Office, tmp_path: Path
) -> None:
    """A lost key is named; no new one is made over what the old one sealed; the right one opens all of it again."""
    fill(phone, office)
    phone.close()
    folder, kept = tmp_path / "wang", tmp_path / "kept.key"
    shutil.move(folder / "store.key", kept)
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(DomainError, match="store_key_missing"):
        open_phone(folder, HandClock())
    assert not (folder / "store.key").exists()
    assert (folder / FILE_NAME).read_bytes() == before
    shutil.move(kept, folder / "store.key")
    assert len(open_phone(folder, HandClock()).pending()) == 2


def test_key_of_another_phone_does_not_open_the_store(phone: service.Phone, office: Office, tmp_path: Path) -> None:
    """Stranger Qian puts his own key beside the copied file; a torn key is told apart from none."""
    fill(phone, office)
    phone.close()
    open_phone(tmp_path / "qian", HandClock()).close()
    shutil.copy(tmp_path / "qian" / "store.key", tmp_path / "wang" / "store.key")
    with pytest.raises(DomainError, match="store_key_wrong"):
        open_phone(tmp_path / "wang", HandClock())
    (tmp_path / "wang" / "store.key").write_bytes(b"torn")
    with pytest.raises(DomainError, match="store_key_wrong"):
        open_phone(tmp_path / "wang", HandClock())


def test_record_moved_to_another_row_is_found_out(phone: service.Phone, office: Office, tmp_path: Path) -> None:
    """Who can write the file still cannot pass one job's content off as another's, or change a byte."""
    office.send(job(1))
    office.send(job(2))
    phone.sync_once()
    with phone.desk.store.write() as db:
        db.execute("UPDATE jobs SET job = (SELECT job FROM jobs WHERE work_order_id = 'order-2')")
    with pytest.raises(DomainError, match="store_damaged"):
        phone.jobs()
    assert phone.get_job("order-2").work_order_id == "order-2"


def test_sealed_picture_reads_the_same_from_any_place(tmp_path: Path) -> None:
    """Across the borders of its pieces, at its end, and empty; a cut or changed file is refused."""
    store = Store(tmp_path)
    content = os.urandom(2 * CHUNK_BYTES + 77)
    sha256 = files.keep_bytes(store, content)
    picture = files.open_picture(store, sha256)
    assert picture.size_bytes == len(content)
    for offset, size in ((0, len(content)), (CHUNK_BYTES - 1, 2), (2 * CHUNK_BYTES, 500), (len(content), 9), (5, 0)):
        assert picture.read(offset, size) == content[offset : offset + size]
    path = next((tmp_path / "files").iterdir())
    path.write_bytes(path.read_bytes()[: -CHUNK_BYTES // 2])
    with pytest.raises(DomainError, match="store_damaged"):
        files.open_picture(store, sha256).read(0, 10)
    store.close()


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    """Screens and service open an empty folder at the same moment: both take the key that the first one made."""
    code = "import sys, pathlib; from mobile.store.database import Store; Store(pathlib.Path(sys.argv[1])).close()"
    for round_number in range(3):
        folder = tmp_path / str(round_number)
        started = [subprocess.Popen([sys.executable, "-c", code, str(folder)]) for _ in range(3)]
        assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
        Store(folder).close()


def test_erased_keys_leave_only_noise(phone: service.Phone, office: Office, tmp_path: Path) -> None:
    """Once the keys are destroyed the file that stays opens for nobody, and nobody makes a new key over it."""
    fill(phone, office)
    phone.close()
    keys.erase(tmp_path / "wang")
    assert sorted(path.name for path in (tmp_path / "wang").glob("*.key")) == []
    with pytest.raises(DomainError, match="store_key_missing"):
        open_phone(tmp_path / "wang", HandClock())
