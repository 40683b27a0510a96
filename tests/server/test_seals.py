"""Keys and chains: certified under one root, changed without losing old records, anchored outside."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mobile.platform import keys as phone_keys
from mobile.service import Phone
from mobile.sync import key_change
from server.core import signing_keys
from server.reports import heads, verification
from server.reports.anchoring import Anchoring
from server.seals import bundle, keyring
from server.seals import service as seals
from server.seals.models import CounterSeal
from server.visits import repository as visits
from server.visits import service as visit_service
from shared import proof, signature, wire
from shared.errors import DomainError
from shared.proof import Proof, PublicKey
from shared.signature import ED25519, P256
from tests.mobile.phones import do_the_work, go_to_the_door, sign_name
from tests.server.house import HOME, HOUR_MS, STOVE, House, Wire
from tests.server.test_closing import visit


def get_proof(house: House, order_id: str) -> Proof:
    """Return what proves an order's record."""

    def find(session: object) -> Proof | None:
        record = visits.find_record(session, order_id)  # type: ignore[arg-type]  # the house's session
        return visit_service.find_proof(session, record) if record else None  # type: ignore[arg-type]  # as above

    found = house.read(find)
    assert found is not None
    return found


def judge(told: Proof) -> tuple[str, ...]:
    """Return what is wrong with a proof under the company's root."""
    return proof.judge(proof.encode(told), keyring.current().root_public(), signing_keys.verify).problems


@pytest.mark.parametrize("alg", [ED25519, P256])
def test_seal_of_either_algorithm_is_proved_and_broken_by_a_changed_word(alg: str) -> None:
    """A phone with a P-256 key of the Android Keystore seals as well as one with Ed25519."""
    key = signing_keys.make(alg)
    text, strokes = '{"a":1}', sign_name()
    seal = signature.seal(
        text, strokes, chain_seq=1, previous_hash=signature.GENESIS_HASH, at_ms=5, device_id="d",
        sign=key.sign, alg=alg, key_id=key.public.key_id,
    )  # fmt: skip

    def own(signed: bytes, message: bytes) -> bool:
        return signing_keys.verify(alg, key.public.public_key, signed, message)

    assert signature.verify_seal(seal, text, strokes, own, "d", 5) == ()
    assert "content_changed" in signature.verify_seal(seal, '{"a":2}', strokes, own, "d", 5)


def test_record_made_before_the_branch_changed_its_key_still_verifies(house: House) -> None:
    """The old certificate stays: what it proved is proved."""
    order_id, _ = visit(house, STOVE)
    before = get_proof(house, order_id)
    old = house.write(seals.branch_key).public.key_id
    new = house.write(seals.rotate_branch_key).public.key_id
    assert old != new
    assert get_proof(house, order_id) == before
    assert judge(before) == ()
    assert house.read(verification.list_problems) == []


def test_phone_changes_its_key_and_records_of_both_keys_verify(house: House) -> None:
    """Wang's phone vouches for its new key with the old one; its chain goes on, and every record verifies."""
    first, wang = visit(house, STOVE)
    identity = wang.find_identity()
    assert identity is not None
    home = house.folder / "phones" / "wang"
    wang.close()
    new = key_change.change_key(home, identity.device_id, Wire(house.app, identity.token))
    line = Wire(house.app, identity.token)
    again = Phone(home, "http://house", house.clock, transport=line, lane_transport=line)
    second = serve(house, again)
    assert (get_proof(house, second).seal.key_id, get_proof(house, second).seal.chain_seq) == (new.key_id, 2)
    assert get_proof(house, first).seal.key_id != new.key_id
    assert judge(get_proof(house, first)) == judge(get_proof(house, second)) == ()
    assert house.read(verification.list_problems) == []
    again.close()


def serve(house: House, phone: Phone) -> str:
    """Let a phone serve another order to the signature; return the order's id."""
    order_id = house.report({**STOVE, "address": "新建路9号"})
    house.sync(phone)
    go_to_the_door(phone, order_id)
    do_the_work(phone, order_id)
    phone.act("sign_record", order_id, strokes=sign_name(), signer_relation="self")
    house.sync(phone)
    return order_id


def test_new_key_that_no_key_of_the_phone_vouches_for_is_refused(house: House) -> None:
    """Whoever has only the token cannot bring a key of his own."""
    phone = house.phone("wang")
    identity = phone.find_identity()
    assert identity is not None
    stranger = signing_keys.make(ED25519)
    message = signature.new_key_bytes(identity.device_id, ED25519, stranger.public.public_key)
    request = wire.DeviceKeyRequest(
        alg=ED25519,
        public_key=stranger.public.public_key,
        signed_by=phone.desk.key.key_id,
        signature=stranger.sign(message).hex(),
    )
    reply = Wire(house.app, identity.token).post("/api/v1/device/key", msgspec.json.encode(request), 0)
    assert msgspec.json.decode(reply.body)["code"] == "key_change_refused"


def test_root_taken_away_lets_nobody_certify_but_everything_verify(house: House) -> None:
    """The root key belongs into a safe: without it no new branch key is made, and old proofs stand."""
    order_id, _ = visit(house, STOVE)
    (house.folder / "keys" / "root.key").unlink()
    with pytest.raises(DomainError) as refused:
        house.write(seals.rotate_branch_key)
    assert refused.value.code == "root_key_away"
    assert judge(get_proof(house, order_id)) == ()


def test_tail_cut_from_the_journal_shows_against_an_anchored_head(house: House) -> None:
    """The head that was kept outside is further than the database: inside all is well, outside it is not."""
    visit(house, STOVE)
    anchored = house.write(heads.sign_heads)
    root = keyring.current().root_public()
    assert bundle.judge(bundle.encode(anchored), root, signing_keys.verify) == ()
    assert house.read(lambda s: heads.list_head_problems(s, anchored)) == []
    told = proof.fields_of(anchored.note)
    further = {**told, "journal": [told["journal"][0] + 1, "0" * 64], "counter": [told["counter"][0] + 1, "0" * 64]}
    later = msgspec.structs.replace(
        anchored, note=msgspec.structs.replace(anchored.note, body=proof.canonical_json(further))
    )
    assert house.read(lambda s: heads.list_head_problems(s, later)) == [
        f"journal {HOME}: tail cut before the anchored head",
        f"counter-seals {HOME}: tail cut before the anchored head",
    ]
    assert "statement_wrong" in bundle.judge(bundle.encode(later), root, signing_keys.verify)


def test_key_of_no_known_kind_is_refused() -> None:
    """Neither half a key nor a point beside the curve is taken."""
    for alg, public_key in ((ED25519, "ab"), (P256, "04" + "ab" * 64), ("RSA", "ab" * 32)):
        with pytest.raises(DomainError):
            signing_keys.check_public(PublicKey(alg=alg, public_key=public_key))


def test_phones_key_id_is_the_one_that_the_server_computes(house: House) -> None:
    """Both sides name a key alike."""
    key = phone_keys.load_or_create(house.folder)
    assert proof.key_id_of(key.public_hex) == key.key_id


def test_heads_are_written_once_an_hour_for_keeping_outside(house: House) -> None:
    """Nobody has to think of it: the worker leaves a signed file, and the next one an hour later."""
    visit(house, STOVE)
    anchoring = Anchoring(house.services)
    assert (anchoring.run_once(), anchoring.run_once()) == (1, 0)
    house.clock.pass_ms(HOUR_MS)
    assert anchoring.run_once() == 1
    files = sorted((house.folder / "heads" / HOME).glob("*.json"))
    root = keyring.current().root_public()
    assert [bundle.judge(path.read_bytes(), root, signing_keys.verify) for path in files] == [(), ()]


def test_altered_word_of_the_counter_seal_is_found_in_the_database(house: House) -> None:
    """Somebody with the database changes what the branch said about a record."""
    visit(house, STOVE)

    def forge(session: Any) -> None:
        row = session.query(CounterSeal).one()
        row.note = {**row.note, "body": row.note["body"].replace("signed", "waived")}

    house.database.write(forge)
    problems = house.read(verification.list_problems)
    assert any("counter_seal_wrong" in line for line in problems)
    assert any("tail cut" in line for line in problems)
