"""keys of devices and branches, the branch's chain of counter-seals.

Revision: 0009
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.alter_column("public_key", existing_type=sa.String(length=64), type_=sa.String(length=130))
    op.create_table(
        "device_key",
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("alg", sa.String(length=12), nullable=False),
        sa.Column("public_key", sa.String(length=130), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_key_device_id")),
        sa.PrimaryKeyConstraint("device_id", "key_id", name=op.f("pk_device_key")),
    )
    op.create_index(op.f("ix_device_key_branch_id"), "device_key", ["branch_id"])
    op.create_table(
        "key_certificate",
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("alg", sa.String(length=12), nullable=False),
        sa.Column("public_key", sa.String(length=130), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("retired_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("branch_id", "subject", "subject_id", "key_id", name=op.f("pk_key_certificate")),
    )
    op.create_table(
        "counter_head",
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_counter_head")),
    )
    op.create_table(
        "counter_seal",
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("chain_seq", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_counter_seal")),
        sa.UniqueConstraint("branch_id", "chain_seq", name=op.f("uq_counter_seal_branch_id_chain_seq")),
    )
    op.create_index(op.f("ix_counter_seal_branch_id"), "counter_seal", ["branch_id"])
    _name_the_first_keys()


def _name_the_first_keys() -> None:
    """Every phone enrolled so far has one key, Ed25519; its id is the beginning of its hash."""
    bind = op.get_bind()
    devices = bind.execute(sa.text("SELECT id, branch_id, public_key, enrolled_ms FROM device")).all()
    for device_id, branch_id, public_key, enrolled_ms in devices:
        key_id = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]
        bind.execute(
            sa.text(
                "INSERT INTO device_key VALUES (:device_id, :key_id, :branch_id, 'Ed25519', :public_key, :since_ms)"
            ),
            {
                "device_id": device_id,
                "key_id": key_id,
                "branch_id": branch_id,
                "public_key": public_key.lower(),
                "since_ms": enrolled_ms,
            },
        )


def downgrade() -> None:
    """Take the revision back."""
    for table in ("counter_seal", "counter_head", "key_certificate", "device_key"):
        op.drop_table(table)
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.alter_column("public_key", existing_type=sa.String(length=130), type_=sa.String(length=64))
