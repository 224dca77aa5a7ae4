"""Why letters did not go: the answers that held one back, by the rule that decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextField
from django.db.models.functions import Cast

from compliance.models import AuditEntry, AuditEntryQuerySet, PolicyResult
from compliance.policy import Rule
from outreach_site.accounts.models import Workspace

# So many of the newest answers are looked at: about a tenth of a second.
MOST = 20_000


@dataclass(frozen=True)
class ByRule:
    """How often one rule decided. `rule` is empty for entries that do not say which it was."""

    rule: Rule | None
    blocked: int
    deferred: int

    @property
    def count(self) -> int:
        return self.blocked + self.deferred


@dataclass(frozen=True)
class Refusals:
    rules: list[ByRule]
    is_all: bool  # no more than MOST happened

    @property
    def count(self) -> int:
        return sum(each.count for each in self.rules)


def counted(workspace: Workspace, *, since: datetime) -> Refusals:
    """One query, by an index of refused and deferred answers alone; the newest MOST of them. Questions are left out.

    A letter that waited for one thing, and then for another, has an answer each time.
    """
    answers = (
        AuditEntry.objects.in_workspace(workspace)
        .refusals()
        .filter(recorded_at__gte=since, event="letter.decided")
        .order_by("-recorded_at")
        .values_list("policy_result", "details")[: MOST + 1]
    )
    newest = list(answers)
    found = Counter((str(details.get("rule", "")), result) for result, details in newest[:MOST])
    rules = [
        ByRule(
            Rule(rule) if rule in set(Rule) else None,
            blocked=found[rule, PolicyResult.BLOCKED],
            deferred=found[rule, PolicyResult.DEFERRED],
        )
        for rule in {rule for rule, _ in found}
    ]
    return Refusals(sorted(rules, key=lambda each: (-each.count, each.rule or "")), is_all=len(newest) <= MOST)


def decided_by(entries: AuditEntryQuerySet, rule: str) -> AuditEntryQuerySet:
    """The answers that this rule decided. The details are text (fields.WrittenJSON), and so is this question."""
    written = Cast("details", TextField())
    return (
        entries.refusals()
        .filter(event="letter.decided")
        .alias(written=written)
        .filter(written__contains=f'"rule":"{rule}"')
    )
