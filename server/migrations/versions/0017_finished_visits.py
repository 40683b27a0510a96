"""visits that ended lately are found at once.

Revision: 0017
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_index(op.f("ix_assignment_finished_ms"), "assignment", ["finished_ms"])


def downgrade() -> None:
    """Take the revision back."""
    op.drop_index(op.f("ix_assignment_finished_ms"), "assignment")
