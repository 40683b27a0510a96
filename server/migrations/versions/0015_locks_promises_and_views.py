"""locked stops, promised answers, changed promises, saved views of the queue.

Revision: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=36), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "stop_lock",
        _id("work_order_id"),
        _id("branch_id"),
        _id("technician_id"),
        _moment("start_ms", nullable=True),
        _id("locked_by"),
        _moment("locked_ms"),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_stop_lock_work_order_id")),
        sa.ForeignKeyConstraint(["technician_id"], ["technician.id"], name=op.f("fk_stop_lock_technician_id")),
        sa.PrimaryKeyConstraint("work_order_id", name=op.f("pk_stop_lock")),
    )
    op.create_table(
        "reply_promise",
        _id("id"),
        _id("branch_id"),
        _id("work_order_id"),
        sa.Column("subject", sa.String(length=200), nullable=False),
        _moment("due_ms"),
        _moment("made_ms"),
        _id("made_by"),
        _moment("kept_ms", nullable=True),
        _id("kept_by"),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_reply_promise_work_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_promise")),
    )
    op.create_table(
        "promise_change",
        _id("id"),
        _id("branch_id"),
        _id("work_order_id"),
        _id("reply_id", nullable=True),
        _moment("old_from_ms", nullable=True),
        _moment("old_due_ms", nullable=True),
        _moment("new_from_ms", nullable=True),
        _moment("new_due_ms"),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("told", sa.String(length=16), nullable=False),
        _id("told_by"),
        _moment("told_ms"),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_promise_change_work_order_id")),
        sa.ForeignKeyConstraint(["reply_id"], ["reply_promise.id"], name=op.f("fk_promise_change_reply_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_change")),
    )
    op.create_table(
        "saved_view",
        _id("account_id"),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        _moment("saved_ms"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_saved_view_account_id")),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_saved_view")),
    )
    for table in ("stop_lock", "reply_promise", "promise_change"):
        op.create_index(op.f(f"ix_{table}_branch_id"), table, ["branch_id"])
    for table in ("reply_promise", "promise_change"):
        op.create_index(op.f(f"ix_{table}_work_order_id"), table, ["work_order_id"])


def downgrade() -> None:
    """Take the revision back."""
    for table in ("saved_view", "promise_change", "reply_promise", "stop_lock"):
        op.drop_table(table)
