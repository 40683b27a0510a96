"""whose customer is just signing: the desk is asked once more before it cancels or moves that order.

Revision: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "signing_lease",
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", name=op.f("pk_signing_lease")),
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("signing_lease")
