"""where idle technicians were advised to wait.

Revision: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "waiting_post",
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("drive_s", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["technician_id"], ["technician.id"], name=op.f("fk_waiting_post_technician_id")),
        sa.PrimaryKeyConstraint("technician_id", name=op.f("pk_waiting_post")),
    )
    op.create_index(op.f("ix_waiting_post_branch_id"), "waiting_post", ["branch_id"])


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("waiting_post")
