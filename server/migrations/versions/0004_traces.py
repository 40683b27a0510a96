"""traces of those on duty, and who looked at them.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    with op.batch_alter_table("technician") as batch_op:
        batch_op.add_column(sa.Column("location_paused_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "position_point",
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("technician_id", "at_ms", name=op.f("pk_position_point")),
    )
    op.create_index(op.f("ix_position_point_branch_id"), "position_point", ["branch_id"])
    op.create_table(
        "position_view",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("viewer_id", sa.String(length=36), nullable=False),
        sa.Column("viewer_name", sa.String(length=80), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position_view")),
    )
    for column in ("branch_id", "technician_id"):
        op.create_index(op.f(f"ix_position_view_{column}"), "position_view", [column])


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("position_view")
    op.drop_table("position_point")
    with op.batch_alter_table("technician") as batch_op:
        batch_op.drop_column("location_paused_ms")
