"""The full-function test in front of the customer (FT-01, FT-02): stricter than a checklist, every step must pass."""

from __future__ import annotations

import msgspec

from shared import checklist
from shared.checklist import Verdict
from shared.errors import DomainError
from shared.protocol import PASS, Protocol
from shared.visit import VisitState


def evaluate(protocol: Protocol, visit_state: VisitState) -> Verdict:
    """Return the verdict; it passes only when the customer or the second person witnessed the test.

    Raises DomainError `not_a_function_test` for a checklist.
    """
    if protocol.kind != "function_test":
        raise DomainError("not_a_function_test", protocol=protocol.ref)
    verdict = checklist.evaluate(protocol, visit_state)
    return msgspec.structs.replace(verdict, passed=verdict.passed and is_witnessed(protocol, visit_state))


def is_witnessed(protocol: Protocol, visit_state: VisitState) -> bool:
    """Say whether a step that proves the witness has passed (FT-01, FT-03)."""
    steps = [step for step in protocol.steps if step.evidence == "witnessed"]
    return any(checklist.result_of(protocol, step, visit_state) == PASS for step in steps)


def is_needed(protocol: Protocol, outcome: str) -> bool:
    """Say whether the declared outcome needs this test: a recorded make-safe exception does not (FT-02)."""
    return protocol.kind == "function_test" and outcome not in protocol.waived_for
