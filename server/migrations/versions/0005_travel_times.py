"""travel times: trips, what they taught, and each branch's provider.

Revision: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "trip",
        sa.Column("assignment_id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("departed_ms", sa.BigInteger(), nullable=False),
        sa.Column("arrived_ms", sa.BigInteger(), nullable=True),
        sa.Column("from_lat", sa.Double(), nullable=True),
        sa.Column("from_lon", sa.Double(), nullable=True),
        sa.Column("to_lat", sa.Double(), nullable=True),
        sa.Column("to_lon", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_trip")),
    )
    op.create_index(op.f("ix_trip_branch_id"), "trip", ["branch_id"])
    op.create_table(
        "travel_calibration",
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("error", sa.Double(), nullable=True),
        sa.Column("calibration", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "provider", "made_ms", name=op.f("pk_travel_calibration")),
    )
    op.create_table(
        "travel_choice",
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_travel_choice")),
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("travel_choice")
    op.drop_table("travel_calibration")
    op.drop_table("trip")
