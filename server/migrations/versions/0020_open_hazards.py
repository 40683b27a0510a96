"""open hazard notices are found at once: every job asks for those of its home.

Revision: 0020
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_index("ix_hazard_notice_branch_id_state", "hazard_notice", ["branch_id", "state"])


def downgrade() -> None:
    """Take the revision back."""
    op.drop_index("ix_hazard_notice_branch_id_state", "hazard_notice")
