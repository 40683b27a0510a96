"""phones tell how many of their events the server does not have yet.

Revision: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    with op.batch_alter_table("device") as batch_op:
        batch_op.add_column(sa.Column("given_dseq", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("unsent", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take the revision back."""
    with op.batch_alter_table("device") as batch_op:
        batch_op.drop_column("unsent")
        batch_op.drop_column("given_dseq")
