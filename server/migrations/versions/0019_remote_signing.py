"""records that customers sign in their own browser.

Revision: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _text(name: str, length: int = 0) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length) if length else sa.Text(), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "remote_signing",
        _text("id", 36),
        _text("branch_id", 36),
        _text("work_order_id", 36),
        _text("assignment_id", 36),
        _text("technician_id", 36),
        _text("record_json"),
        _text("evidence_hash", 64),
        _text("code", 6),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("made_ms"),
        _moment("expires_ms"),
        _text("state", 8),
        _moment("given_ms", nullable=True),
        _text("strokes"),
        _text("relation", 24),
        _text("opinion"),
        _text("record_id", 64),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_remote_signing_branch_id")),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_remote_signing_work_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_signing")),
    )
    for column in ("branch_id", "work_order_id"):
        op.create_index(op.f(f"ix_remote_signing_{column}"), "remote_signing", [column])


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("remote_signing")
