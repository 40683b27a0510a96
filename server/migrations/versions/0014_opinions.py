"""what customers thought of a visit.

Revision: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "opinion",
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("was_tested", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("given_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_opinion_work_order_id")),
        sa.PrimaryKeyConstraint("work_order_id", name=op.f("pk_opinion")),
    )
    op.create_index(op.f("ix_opinion_branch_id"), "opinion", ["branch_id"])


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("opinion")
