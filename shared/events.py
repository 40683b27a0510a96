"""The journal's event names: every change of the product, past tense."""

from __future__ import annotations

from typing import Final

FAULT_REPORTED: Final = "fault_reported"
WORK_ORDER_OPENED: Final = "work_order_opened"
WORK_ORDER_TRIAGED: Final = "work_order_triaged"
WORK_ORDER_MOVED: Final = "work_order_moved"  # any other transition of the table, with command, source and target
WORK_ORDER_CLOSED: Final = "work_order_closed"
WORK_ORDER_FLAGGED: Final = "work_order_flagged"
CLOCK_BREACHED: Final = "clock_breached"
ASSIGNMENT_OFFERED: Final = "assignment_offered"  # with the planner's certificate
ASSIGNMENT_MOVED: Final = "assignment_moved"  # any other transition of the table
PLAN_CHANGED: Final = "plan_changed"
PLAN_BUDGET_SET: Final = "plan_budget_set"  # how many stops one re-plan may move
CUSTOMER_NOTICE_OWED: Final = "customer_notice_owed"  # a promise moves: its customer is to be told
CUSTOMER_NOTICE_WITHDRAWN: Final = "customer_notice_withdrawn"  # the promise holds again before anybody told
CUSTOMER_TOLD: Final = "customer_told"
LEAK_UNACCEPTED: Final = "leak_unaccepted"  # one rung of the ladder, or the auditor's own alarm
LEAK_TAKEN: Final = "leak_taken"  # a dispatcher has said "I take it", with his name
FACT_RECORDED: Final = "fact_recorded"  # a field fact, its body verbatim, with flags
REMAINING_TIME_TOLD: Final = "remaining_time_told"
FACT_QUARANTINED: Final = "fact_quarantined"
RECORD_SIGNED: Final = "record_signed"
SIGNATURE_WAIVED: Final = "signature_waived"
FILE_RECEIVED: Final = "file_received"  # a file of the field lies here whole, its hash verified
PICTURE_REPEATED: Final = "picture_repeated"  # two orders show the same picture, or one that is nearly the same
PICTURE_UNREADABLE: Final = "picture_unreadable"  # kept as evidence, but no picture that can be shown
CUSTOMER_COPY_ISSUED: Final = "customer_copy_issued"
DOCUMENT_MADE: Final = "document_made"  # a paper of a visit, with the hash of its file
DOCUMENT_DELIVERED: Final = "document_delivered"
OTHER_TIME_WISHED: Final = "other_time_wished"  # by the customer, on his status page
OPINION_GIVEN: Final = "opinion_given"
CALL_BACK_SCHEDULED: Final = "call_back_scheduled"
CALL_BACK_MADE: Final = "call_back_made"
CUSTOMER_REGISTERED: Final = "customer_registered"
DEVICE_ENROLLED: Final = "device_enrolled"
DEVICE_KEY_CHANGED: Final = "device_key_changed"  # a phone seals with a new key from now on
KEY_CERTIFIED: Final = "key_certified"  # a branch's or a device's key, by the key above it
DEVICE_REVOKED: Final = "device_revoked"
DEVICE_ORDER_GIVEN: Final = "device_order_given"  # lock, unlock or wipe a phone that is lost
DEVICE_ORDER_DONE: Final = "device_order_done"  # the phone says that it has obeyed
EVIDENCE_RECOVERED: Final = "evidence_recovered"  # sealed evidence of a wiped phone was opened and filed
TEST_PUSH_SENT: Final = "test_push_sent"  # at the start of a shift, or on demand
TEST_PUSH_SEEN: Final = "test_push_seen"
TEST_PUSH_MISSED: Final = "test_push_missed"  # no answer in time: shown to dispatcher and technician
SHIFT_CHANGED: Final = "shift_changed"
MESSAGE_WRITTEN: Final = "message_written"  # by the desk, to a technician
MESSAGE_RECEIVED: Final = "message_received"  # from a technician
TECHNICIAN_ABSENT: Final = "technician_absent"  # ill, vehicle broken down, or another reason; from and until
TECHNICIAN_BACK: Final = "technician_back"
WAIT_ADVISED: Final = "wait_advised"  # where an idle technician best waits; an empty place takes it back
STORM_BEGUN: Final = "storm_begun"  # some technicians take no ordinary work until it ends
STORM_ENDED: Final = "storm_ended"
ORDERS_IMPORTED: Final = "orders_imported"
GENERATION_BEGUN: Final = "generation_begun"  # restored from a backup: phones send their archives again
HAZARD_FOUND: Final = "hazard_found"  # an item of a checklist failed that endangers somebody
HAZARD_CLEARED: Final = "hazard_cleared"  # put right on the same visit
HAZARD_NOTICE_ISSUED: Final = "hazard_notice_issued"
HAZARD_NOTICE_SETTLED: Final = "hazard_notice_settled"
LEAK_GRADED: Final = "leak_graded"
EDITION_CHOSEN: Final = "edition_chosen"  # where two editions of a standard are legal at once
PRICE_APPROVAL_ASKED: Final = "price_approval_asked"
PRICE_APPROVAL_GIVEN: Final = "price_approval_given"  # or refused
PAYMENT_RECORDED: Final = "payment_recorded"
CASH_HANDED_IN: Final = "cash_handed_in"
CASH_OVERDUE: Final = "cash_overdue"
DAMAGE_RECORDED: Final = "damage_recorded"
DAMAGE_SETTLED: Final = "damage_settled"
STOCK_MOVED: Final = "stock_moved"

ALL: Final = frozenset(value for name, value in globals().items() if name.isupper() and isinstance(value, str))
