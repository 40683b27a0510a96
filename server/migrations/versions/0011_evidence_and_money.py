"""hazard notices, leak grades, money at the door, van stock, chosen editions.

Revision: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    _add_chosen_edition()
    _add_hazard_notice()
    _add_leak_grade()
    _add_price_approval()
    _add_field_payment()
    _add_cash_hand_in()
    _add_damage_claim()
    _add_van_stock()
    _add_stock_move()


def _add_chosen_edition() -> None:
    op.create_table(
        "chosen_edition",
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("protocol", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "protocol", name=op.f("pk_chosen_edition")),
    )


def _add_hazard_notice() -> None:
    op.create_table(
        "hazard_notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("assignment_id", sa.String(length=36), nullable=False),
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("served_ms", sa.BigInteger(), nullable=True),
        sa.Column("settled_ms", sa.BigInteger(), nullable=True),
        sa.Column("settled_by", sa.String(length=36), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("follow_ups", sa.Text(), nullable=False),
        sa.UniqueConstraint("branch_id", "number", name=op.f("uq_hazard_notice_branch_id_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazard_notice")),
    )
    op.create_index(op.f("ix_hazard_notice_branch_id"), "hazard_notice", ["branch_id"])
    op.create_index(op.f("ix_hazard_notice_work_order_id"), "hazard_notice", ["work_order_id"])


def _add_leak_grade() -> None:
    op.create_table(
        "leak_grade",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("graded_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leak_grade")),
    )
    op.create_index(op.f("ix_leak_grade_branch_id"), "leak_grade", ["branch_id"])
    op.create_index(op.f("ix_leak_grade_work_order_id"), "leak_grade", ["work_order_id"])


def _add_price_approval() -> None:
    op.create_table(
        "price_approval",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("list_ref", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_approval")),
    )
    op.create_index(op.f("ix_price_approval_branch_id"), "price_approval", ["branch_id"])
    op.create_index(op.f("ix_price_approval_state"), "price_approval", ["state"])
    op.create_index(op.f("ix_price_approval_work_order_id"), "price_approval", ["work_order_id"])


def _add_field_payment() -> None:
    op.create_table(
        "field_payment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("receipt", sa.String(length=80), nullable=False),
        sa.Column("taken_ms", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("hand_in_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_payment")),
    )
    op.create_index(op.f("ix_field_payment_branch_id"), "field_payment", ["branch_id"])
    op.create_index(op.f("ix_field_payment_day"), "field_payment", ["day"])
    op.create_index(op.f("ix_field_payment_technician_id"), "field_payment", ["technician_id"])
    op.create_index(op.f("ix_field_payment_work_order_id"), "field_payment", ["work_order_id"])


def _add_cash_hand_in() -> None:
    op.create_table(
        "cash_hand_in",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("expected_cents", sa.BigInteger(), nullable=False),
        sa.Column("counted_cents", sa.BigInteger(), nullable=False),
        sa.Column("received_by", sa.String(length=36), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_hand_in")),
    )
    op.create_index(op.f("ix_cash_hand_in_branch_id"), "cash_hand_in", ["branch_id"])
    op.create_index(op.f("ix_cash_hand_in_technician_id"), "cash_hand_in", ["technician_id"])


def _add_damage_claim() -> None:
    op.create_table(
        "damage_claim",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("photo", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("claimed_ms", sa.BigInteger(), nullable=False),
        sa.Column("settled_ms", sa.BigInteger(), nullable=True),
        sa.Column("settled_by", sa.String(length=36), nullable=False),
        sa.Column("settled_cents", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_damage_claim")),
    )
    op.create_index(op.f("ix_damage_claim_branch_id"), "damage_claim", ["branch_id"])
    op.create_index(op.f("ix_damage_claim_work_order_id"), "damage_claim", ["work_order_id"])


def _add_van_stock() -> None:
    op.create_table(
        "van_stock",
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=False),
        sa.Column("lot", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("technician_id", "part", "lot", name=op.f("pk_van_stock")),
    )
    op.create_index(op.f("ix_van_stock_branch_id"), "van_stock", ["branch_id"])


def _add_stock_move() -> None:
    op.create_table(
        "stock_move",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=36), nullable=False),
        sa.Column("technician_id", sa.String(length=36), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=False),
        sa.Column("lot", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("work_order_id", sa.String(length=36), nullable=False),
        sa.Column("moved_ms", sa.BigInteger(), nullable=False),
        sa.Column("moved_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_move")),
    )
    op.create_index(op.f("ix_stock_move_branch_id"), "stock_move", ["branch_id"])
    op.create_index(op.f("ix_stock_move_technician_id"), "stock_move", ["technician_id"])
    op.create_index(op.f("ix_stock_move_work_order_id"), "stock_move", ["work_order_id"])


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("stock_move")
    op.drop_table("van_stock")
    op.drop_table("damage_claim")
    op.drop_table("cash_hand_in")
    op.drop_table("field_payment")
    op.drop_table("price_approval")
    op.drop_table("leak_grade")
    op.drop_table("hazard_notice")
    op.drop_table("chosen_edition")
