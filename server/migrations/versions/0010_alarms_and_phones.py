"""escalation of unaccepted leaks, outgoing messages, signs of life, orders to phones, test alarms.

Revision: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    _add_escalation()
    _add_outgoing()
    _add_devices()


def _add_escalation() -> None:
    op.create_table(
        "escalation",
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("siren_ms", sa.BigInteger(), nullable=True),
        sa.Column("taken_ms", sa.BigInteger(), nullable=True),
        sa.Column("taken_by", sa.String(length=36), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=False),
        sa.Column("audited_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_escalation_work_order_id")),
        sa.PrimaryKeyConstraint("work_order_id", name=op.f("pk_escalation")),
    )
    op.create_index(op.f("ix_escalation_branch_id"), "escalation", ["branch_id"])
    op.create_index(op.f("ix_escalation_due_ms"), "escalation", ["due_ms"])


def _add_outgoing() -> None:
    op.create_table(
        "outgoing_message",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_real_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_real_ms", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("sent_real_ms", sa.BigInteger(), nullable=True),
        sa.Column("failed_real_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_message")),
    )
    op.create_index(op.f("ix_outgoing_message_branch_id"), "outgoing_message", ["branch_id"])
    op.create_index(op.f("ix_outgoing_message_due_real_ms"), "outgoing_message", ["due_real_ms"])
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("started_real_ms", sa.BigInteger(), nullable=False),
        sa.Column("beat_real_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )


def _add_devices() -> None:
    op.create_table(
        "device_order",
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("done_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_order_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_order")),
    )
    op.create_index(op.f("ix_device_order_branch_id"), "device_order", ["branch_id"])
    op.create_table(
        "sealed_evidence",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("photo", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_sealed_evidence")),
    )
    op.create_index(op.f("ix_sealed_evidence_branch_id"), "sealed_evidence", ["branch_id"])
    op.create_table(
        "push_test",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=True),
        sa.Column("missed_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["technician_id"], ["technician.id"], name=op.f("fk_push_test_technician_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_test")),
    )
    op.create_index(op.f("ix_push_test_branch_id"), "push_test", ["branch_id"])
    op.create_index(op.f("ix_push_test_technician_id"), "push_test", ["technician_id"])


def downgrade() -> None:
    """Take the revision back."""
    for name in ("push_test", "sealed_evidence", "device_order", "heartbeat", "outgoing_message", "escalation"):
        op.drop_table(name)
