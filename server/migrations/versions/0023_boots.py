"""when the boots of phones began: what a wall clock says is judged by the clock that never jumps.

Revision: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    with op.batch_alter_table("device") as batch_op:
        batch_op.add_column(sa.Column("boots", sa.Text(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Take the revision back."""
    with op.batch_alter_table("device") as batch_op:
        batch_op.drop_column("boots")
