"""technicians have a telephone number: when a leak's ladder has come to nothing, a person is called by voice.

Revision: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    with op.batch_alter_table("technician") as batch_op:
        batch_op.add_column(sa.Column("telephone", sa.String(length=24), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the revision back."""
    with op.batch_alter_table("technician") as batch_op:
        batch_op.drop_column("telephone")
