"""up to which event the plan has looked at the leaks that wait.

Revision: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    with op.batch_alter_table("plan_state") as batch_op:
        batch_op.add_column(sa.Column("leaks_seen_seq", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take the revision back."""
    with op.batch_alter_table("plan_state") as batch_op:
        batch_op.drop_column("leaks_seen_seq")
