"""files from the field.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "upload",
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.String(length=80), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("completed_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("branch_id", "sha256", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_device_id"), "upload", ["device_id"])
    op.create_table(
        "file_reference",
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_file_reference")),
    )
    for column in ("branch_id", "sha256", "work_order_id"):
        op.create_index(op.f(f"ix_file_reference_{column}"), "file_reference", [column])


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("file_reference")
    op.drop_table("upload")
