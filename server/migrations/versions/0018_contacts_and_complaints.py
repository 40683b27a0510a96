"""contacts, complaints, remote addresses, and looks at unreadable facts.

Revision: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INDEXES = {
    "contact": ("branch_id", "started_ms", "work_order_id", "reply_state"),
    "complaint": ("branch_id", "state", "work_order_id"),
    "address_lookup": ("branch_id", "state"),
    "quarantine_look": ("branch_id",),
}


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=36), nullable=nullable)


def _text(name: str, length: int = 0) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length) if length else sa.Text(), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _of_branch(table: str) -> tuple[sa.Constraint, sa.Constraint]:
    return (
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f(f"fk_{table}_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "contact",
        _id("id"),
        _id("branch_id"),
        _text("source_ref", 120),
        _text("contact_class", 16),
        _text("channel", 16),
        _whole("rings", nullable=True),
        _whole("waited_s", nullable=True),
        _moment("started_ms"),
        _moment("ended_ms"),
        _text("caller_name", 80),
        _text("caller_phone", 32),
        _id("customer_id", nullable=True),
        _text("content"),
        _text("reason", 16),
        _text("answer_id", 40),
        _id("agent_id"),
        _text("outcome", 16),
        _id("work_order_id", nullable=True),
        _id("complaint_id", nullable=True),
        _text("transferred_to", 80),
        _text("transfer_note"),
        _moment("reply_due_ms", nullable=True),
        _text("reply_state", 8),
        _moment("replied_ms", nullable=True),
        _id("replied_by"),
        *_of_branch("contact"),
        sa.UniqueConstraint("branch_id", "source_ref", name=op.f("uq_contact_branch_id_source_ref")),
    )
    op.create_table(
        "complaint",
        _id("id"),
        _id("branch_id"),
        _whole("ver"),
        _text("number", 32),
        _text("state", 16),
        _text("kind", 16),
        _text("severity", 8),
        _text("suggested", 8),
        _text("channel", 16),
        _text("caller_name", 80),
        _text("caller_phone", 32),
        _id("customer_id", nullable=True),
        _id("work_order_id", nullable=True),
        _text("content"),
        _text("unit", 24),
        _id("owner_id"),
        _whole("passed_on"),
        _whole("rounds"),
        _text("findings"),
        _text("reply"),
        _text("steps"),
        _text("breached"),
        _moment("opened_ms"),
        _moment("closed_ms", nullable=True),
        *_of_branch("complaint"),
    )
    op.create_table(
        "address_lookup",
        _id("id"),
        _id("branch_id"),
        _text("query", 200),
        _text("state", 8),
        _text("provider", 16),
        _text("label", 200),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        _text("failures"),
        _moment("asked_ms"),
        _moment("answered_ms", nullable=True),
        *_of_branch("address_lookup"),
    )
    op.create_table(
        "quarantine_look",
        _id("quarantine_id"),
        _id("branch_id"),
        _id("seen_by"),
        _moment("seen_ms"),
        sa.ForeignKeyConstraint(["quarantine_id"], ["quarantine.id"], name=op.f("fk_quarantine_look_quarantine_id")),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine_look")),
    )
    for table, columns in _INDEXES.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    """Take the revision back."""
    for table in reversed(_INDEXES):
        op.drop_table(table)
