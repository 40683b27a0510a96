"""what the desk owes: customers to be told, the budget of moved stops, the plan's quality.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "customer_notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("cause_order_id", sa.String(length=36), nullable=False),
        sa.Column("promised_from_ms", sa.BigInteger(), nullable=False),
        sa.Column("promised_to_ms", sa.BigInteger(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_customer_notice_work_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_notice")),
    )
    with op.batch_alter_table("customer_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_notice_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_notice_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_notice_work_order_id"), ["work_order_id"], unique=False)
    op.create_table(
        "plan_budget",
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("max_moved", sa.Integer(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_plan_budget")),
    )
    with op.batch_alter_table("plan_state", schema=None) as batch_op:
        batch_op.add_column(sa.Column("planned_ms", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("quality", sa.Text(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("moved", sa.Text(), nullable=False, server_default="{}"))
        batch_op.alter_column("travel_quality", type_=sa.String(length=200), existing_type=sa.String(length=16))


def downgrade() -> None:
    """Take the revision back."""
    with op.batch_alter_table("plan_state", schema=None) as batch_op:
        batch_op.alter_column("travel_quality", type_=sa.String(length=16), existing_type=sa.String(length=200))
        batch_op.drop_column("moved")
        batch_op.drop_column("quality")
        batch_op.drop_column("planned_ms")
    op.drop_table("plan_budget")
    with op.batch_alter_table("customer_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_notice_work_order_id"))
        batch_op.drop_index(batch_op.f("ix_customer_notice_state"))
        batch_op.drop_index(batch_op.f("ix_customer_notice_branch_id"))
    op.drop_table("customer_notice")
