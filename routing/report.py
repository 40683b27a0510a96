"""Explanations as pages of text for the command line: the sentence first, then the tables behind it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from routing.certificate import Candidate, Certificate, MovedStop
from routing.explain import Explanation, WhatIf, explain_job
from routing.plan import Objective, Plan
from routing.problem import Problem, Tier, Value
from routing.quality import PlanQuality
from routing.relax import Undone
from routing.remark import Remark, minutes, remark
from routing.words import in_one_sentence, in_words, reason_in_words
from shared.text import Catalog

_GAP = "  "
_MINUTE_S = 60.0
_WIDE = frozenset("WF")


class Overview(Value, frozen=True, kw_only=True):
    """A whole plan explained: the sentence of each emergency and urgent leak, its quality, what it leaves undone."""

    leaks: dict[str, tuple[Remark, ...]]
    quality: tuple[Remark, ...]
    undone: tuple[Undone, ...]


class Reporter:
    """Writes explanations in one language; ``names`` are words for ids, an id without one stands for itself."""

    def __init__(self, catalog: Catalog, lang: str, problem: Problem, names: Mapping[str, str]) -> None:
        """Bind a language to a problem."""
        self._catalog, self._lang, self._problem, self._names = catalog, lang, problem, names

    def explanation(self, found: Explanation) -> str:
        """Return why an order is where it is."""
        proof = found.certificate
        lines = [f"{found.job_id}: {self._sentence(found.sentence)}"]
        if proof.lower_bound_s is not None:
            lines.append(self._say(remark("bound_reason", reason=proof.lower_bound_reason)))
        lines += [self._word("report.provenance", travel=found.travel_quality), ""]
        lines += [self._word("report.candidates"), *self._candidates(found.candidates)]
        if proof.moved:
            lines += ["", self._word("report.moved"), *self._moved(proof.moved)]
        if found.undone is not None:
            lines += ["", *self._undone(found.undone)]
        return "\n".join(lines)

    def what_if(self, found: WhatIf) -> str:
        """Return what another choice would do."""
        lines = [self._word("report.what_if", job=found.job_id, technician=self._name(found.technician_id))]
        if found.reason is not None or found.change is None:
            return "\n".join([*lines, self._word("report.cannot", reason=self._reason(found.reason))])
        travel = minutes(found.travel_s or 0)
        lines.append(self._word("report.arrival", count=self._in(found.arrival_s), travel=travel))
        lines.append(self._word("report.before", technician=self._name(found.technician_before)))
        lines.append(self._word("report.keeps" if found.keeps_promise else "report.breaks"))
        lines += [self._jobs("lost", found.lost), self._jobs("tell", found.to_tell)]
        lines += [self._word("report.dropped", jobs=", ".join(found.dropped))] if found.dropped else []
        lines += ["", *self._costs(found.change)]
        if found.moved:
            lines += ["", self._word("report.moved"), *self._moved(found.moved)]
        return "\n".join([*lines, "", self._word("report.provenance", travel=found.travel_quality)])

    def overview(self, plan: Plan, found: Overview) -> str:
        """Return a whole plan: leaks, quality, orders left undone."""
        count = {"orders": len(self._problem.jobs), "technicians": len(self._problem.technicians)}
        lines = [self._word("report.plan", undone=len(plan.unserved), **count)]
        lines += [self._say(one) for one in found.quality]
        lines += [f"{job_id}: {self._sentence(said)}" for job_id, said in found.leaks.items()]
        for one in found.undone:
            lines += ["", f"{one.job_id}: {self._word('report.undone', reason=self._reason(one.reason))}"]
            lines += self._ways(one)
        return "\n".join(lines if found.undone else [*lines, self._word("report.undone_none")])

    def _undone(self, undone: Undone) -> list[str]:
        return [self._word("report.undone", reason=self._reason(undone.reason)), *self._ways(undone)]

    def _ways(self, undone: Undone) -> list[str]:
        if not undone.ways_out:
            return [_GAP + self._word("report.ways_none")]
        return [self._word("report.ways"), *(_GAP + self._say(one) for one in undone.ways_out)]

    def _candidates(self, candidates: Sequence[Candidate]) -> list[str]:
        head = [
            self._word(f"column.{name}") for name in ("technician", "arrives", "driving", "cost", "moved", "remark")
        ]
        return _table([head, *(self._candidate(one) for one in candidates)])

    def _candidate(self, one: Candidate) -> list[str]:
        name = self._name(one.technician_id)
        if one.reason is not None:
            return [name, "", "", "", "", self._reason(one.reason)]
        cost = "" if one.delta_cost is None else f"{one.delta_cost / _MINUTE_S:.1f}"
        consent = self._word("report.consent") if one.needs_consent else ""
        return [
            name,
            str(self._in(one.arrival_s)),
            "" if one.travel_s is None else str(minutes(one.travel_s)),
            cost,
            str(len(one.moved)),
            consent,
        ]

    def _moved(self, moved: Iterable[MovedStop]) -> list[str]:
        head = [self._word(f"column.{name}") for name in ("part", "before", "after")]
        rows = [
            [
                one.job_id,
                self._spot(one.technician_before, one.start_before_s),
                self._spot(one.technician_after, one.start_after_s),
            ]
            for one in moved
        ]
        return _table([head, *rows])

    def _costs(self, change: Objective) -> list[str]:
        parts = [(name, getattr(change, name)) for name in Objective.__struct_fields__]
        rows = [[self._part(name), f"{value / _MINUTE_S:+.1f}"] for name, value in parts if value or name == "total"]
        return _table([[self._word("column.part"), self._word("column.change")], *rows])

    def _jobs(self, name: str, jobs: Sequence[str]) -> str:
        return self._word(f"report.{name}", jobs=", ".join(jobs)) if jobs else self._word(f"report.{name}_none")

    def _spot(self, technician_id: str | None, start_s: int | None) -> str:
        return self._name(technician_id) if start_s is None else f"{self._name(technician_id)} +{self._in(start_s)}"

    def _name(self, technician_id: str | None) -> str:
        return self._word("report.nobody") if technician_id is None else self._names.get(technician_id, technician_id)

    def _in(self, at_s: int | None) -> int:
        return minutes((self._problem.now_s if at_s is None else at_s) - self._problem.now_s)

    def _reason(self, code: str | None) -> str:
        return reason_in_words(self._catalog, self._lang, code or "no_room")

    def _part(self, name: str) -> str:
        return self._catalog.find(self._lang, f"planner.part.{name}") or name

    def _sentence(self, said: Iterable[Remark]) -> str:
        return in_one_sentence(self._catalog, self._lang, said, self._names)

    def _say(self, said: Remark) -> str:
        return in_words(self._catalog, self._lang, said, self._names)

    def _word(self, key: str, **data: object) -> str:
        return self._catalog.text(self._lang, f"planner.{key}", **data)


def explain_leaks(
    problem: Problem, plan: Plan, certificates: Mapping[str, Certificate]
) -> dict[str, tuple[Remark, ...]]:
    """Return the sentence of every emergency and urgent leak, by job, in the order of the problem."""
    return {
        job.id: explain_job(problem, plan, job.id, certificate=certificates.get(job.id)).sentence
        for job in problem.jobs
        if job.tier != Tier.ORDINARY
    }


def quality_of(plan: Plan, found: PlanQuality) -> tuple[Remark, ...]:
    """Return what a plan is worth against its bound, and who made it from which figures."""
    share = round(100 * found.gap, 1)
    figures = {"cost": minutes(found.cost), "bound": minutes(found.bound), "gap": share}
    return (
        remark("quality", reason=found.bound_reason, **figures),
        remark("quality_engines", engines=" + ".join(plan.engines) or "–", travel=plan.travel_quality or "–"),
    )


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines with columns of equal width; wide characters count twice."""
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [_GAP + _GAP.join(_padded(*pair) for pair in zip(row, widths, strict=True)).rstrip() for row in rows]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in _WIDE else 1 for letter in text)
