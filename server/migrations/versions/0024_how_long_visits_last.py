"""what ended visits have taught about durations.

Revision: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "visit_laws",
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("laws", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "made_ms", name=op.f("pk_visit_laws")),
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("visit_laws")
