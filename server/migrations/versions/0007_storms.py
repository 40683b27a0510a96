"""storm mode.

Revision: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "storm",
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("kept_free", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_storm")),
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("storm")
