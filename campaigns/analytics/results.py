"""What a page, a report and a program say of the numbers: the same figures, in the same words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import quantiles
from typing import Any

from django.db.models import Count

from campaigns.analytics.comparing import Share, Verdict, compare
from campaigns.analytics.counting import Dimension, Sums
from campaigns.analytics.links import Links, links_of
from campaigns.analytics.reading import Numbers, read
from campaigns.models import Campaign, Lead, Step, Template
from outreach_site.accounts.models import Workspace
from outreach_site.accounts.regions import Region
from outreach_site.lib.charts import Chart, as_text
from outreach_site.mailboxes.models import Mailbox

PERIODS = (7, 14, 30, 90)
DEFAULT_PERIOD = 30
# With more days than this a chart has a bar for each week.
WEEKS_FROM = 120
# What a person said; the rest came back by itself.
PEOPLE_SAY = {"interested": "Interested", "replied": "Something else", "not_interested": "Not interested"}
CAME_BY_ITSELF = {"out_of_office": "Out of office", "bounce": "Bounces", "complaint": "Complaints"}


@dataclass(frozen=True)
class Row:
    """One line of a table: what, and what became of its letters."""

    label: str
    sums: Sums
    note: str = ""

    @property
    def answered(self) -> Share:
        """Letters that somebody's first answer came to, of those that left."""
        return Share(self.sums.answered, self.sums.letters)

    @property
    def raw(self) -> Share:
        """All answers for letters, a person's second and third too."""
        return Share(self.sums.replies, self.sums.letters)

    @property
    def placed(self) -> Share:
        return Share(self.sums.people_placed, self.sums.people)


@dataclass(frozen=True)
class Table:
    title: str
    column: str
    rows: Sequence[Row]
    name: str

    HEAD = ("Letters", "Answered", "Share", "Interested", "All replies", "Written to", "Placed")

    @property
    def cells(self) -> list[tuple[object, ...]]:
        return [
            (
                row.label,
                row.sums.letters,
                row.sums.answered,
                row.answered.percent,
                row.sums.interested,
                row.sums.replies,
                row.sums.people,
                row.sums.people_placed,
            )
            for row in self.rows
        ]

    @property
    def as_text(self) -> str:
        return as_text([(self.column, *self.HEAD), *self.cells])

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "by": self.name,
            "rows": [{"label": row.label, **_sums_as_json(row.sums)} for row in self.rows],
        }


@dataclass(frozen=True)
class Trial:
    """Two variants of one step, over all time."""

    step: str
    verdict: Verdict
    rows: Sequence[Row]


@dataclass(frozen=True)
class Waits:
    """How long first answers took: in minutes, and in words."""

    count: int = 0
    quarter: float = 0
    median: float = 0
    three_quarters: float = 0

    @property
    def words(self) -> str:
        return in_words(self.median) if self.count else "–"

    @property
    def spread(self) -> str:
        if self.count < 4:
            return f"of {self.count} answer{'' if self.count == 1 else 's'}" if self.count else "nobody has answered"
        from_, to = in_words(self.quarter), in_words(self.three_quarters)
        return f"half of them took {from_} to {to}" if from_ != to else f"half of them took {to}"


@dataclass(frozen=True)
class Funnel:
    """How far the sites came that are known by now, over all time. Each stage is counted by itself, and none is made
    larger by a later one: a status that somebody set brings no reply.
    """

    discovered: int
    contacted: int
    replied: int
    placed: int

    @property
    def chart(self) -> Chart:
        stages = [
            ("Discovered", self.discovered),
            ("Written to", self.contacted),
            ("Answered", self.replied),
            ("Placed", self.placed),
        ]
        return Chart("How far its sites came", "sites", stages, first_column="Stage")


@dataclass(frozen=True, kw_only=True)
class Results:
    numbers: Numbers
    days: int | None
    funnel: Funnel
    waits: Waits
    tables: Sequence[Table]
    links: Links
    trials: Sequence[Trial] = ()
    statuses: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing has ever left, nothing came back, and no link was agreed."""
        nothing_came = not self.numbers.total_ever.letters and not self.numbers.ever[Dimension.CAME_BACK]
        return nothing_came and self.links.total.is_empty

    @property
    def people(self) -> Share:
        """The headline: people who answered, of the people first written to in the period."""
        return Share(self.numbers.total.people_answered, self.numbers.total.people)

    @property
    def raw(self) -> Share:
        """Every reply for every letter of the period."""
        return Share(self.numbers.total.replies, self.numbers.total.letters)

    @property
    def placed(self) -> Share:
        return Share(self.numbers.total.people_placed, self.numbers.total.people)

    @property
    def letters(self) -> Chart:
        daily = self.numbers.daily
        return self._by_day("Letters that left", "letters", {day: sums.letters for day, sums in daily.items()})

    @property
    def replies(self) -> Chart:
        came = self.numbers.came_back
        counted = {day: sum(by[tag].replies for tag in PEOPLE_SAY if tag in by) for day, by in came.items()}
        return self._by_day("Replies that came in", "replies", counted)

    @property
    def said(self) -> Chart:
        """What people said in the replies of the period."""
        return self._came_back("What people said", "replies", PEOPLE_SAY)

    @property
    def by_itself(self) -> Chart:
        return self._came_back("What came back by itself", "messages", CAME_BY_ITSELF)

    @property
    def daily(self) -> list[tuple[date, int]]:
        """Letters of each day of the period, days without any too."""
        daily = self.numbers.daily
        return [(day, daily[day].letters if day in daily else 0) for day in self.numbers.days]

    def _came_back(self, title: str, unit: str, tags: Mapping[str, str]) -> Chart:
        came = self.numbers.period[Dimension.CAME_BACK]
        points = [(label, came[tag].replies if tag in came else 0) for tag, label in tags.items()]
        return Chart(title, unit, points, first_column="Kind")

    def _by_day(self, title: str, unit: str, counted: Mapping[date, int]) -> Chart:
        days = self.numbers.days
        if len(days) < WEEKS_FROM:
            return Chart(title, unit, [(f"{day:%-d %b}", counted.get(day, 0)) for day in days])
        weeks: dict[date, int] = {}
        for day in days:
            monday = day - timedelta(days=day.weekday())
            weeks[monday] = weeks.get(monday, 0) + counted.get(day, 0)
        points = [(f"{monday:%-d %b %Y}", value) for monday, value in weeks.items()]
        return Chart(title, unit, points, first_column="Week from")

    def as_json(self) -> dict[str, Any]:
        numbers = self.numbers
        return {
            "period": {
                "days": self.days,
                "from": numbers.days[0].isoformat(),
                "to": numbers.today.isoformat(),
                "time_zone": numbers.calendar.zone,
            },
            "totals": _sums_as_json(numbers.total),
            "totals_ever": _sums_as_json(numbers.total_ever),
            "leads_by_status": dict(self.statuses),
            "minutes_to_answer": {
                "count": self.waits.count,
                "quarter": self.waits.quarter,
                "median": self.waits.median,
                "three_quarters": self.waits.three_quarters,
            },
            "daily": [{"date": day.isoformat(), "letters": letters} for day, letters in self.daily],
            "charts": [
                chart.as_json() for chart in (self.funnel.chart, self.letters, self.replies, self.said, self.by_itself)
            ],
            "tables": [table.as_json() for table in self.tables],
            "links": self.links.as_json(),
            "variants": [
                {
                    "step": trial.step,
                    "winner": trial.verdict.winner or None,
                    "sentence": trial.verdict.sentence,
                    "rows": [{"label": row.label, **_sums_as_json(row.sums)} for row in trial.rows],
                }
                for trial in self.trials
            ],
        }


def results_of(workspace: Workspace, *, campaign: Campaign | None, days: int | None, now: datetime) -> Results:
    """Everything that is said of a campaign, or with None of a workspace. A constant number of queries."""
    numbers = read(workspace, campaign=campaign, days=days, now=now)
    statuses = leads_by_status(workspace, campaign=campaign)
    ever = numbers.total_ever
    names = {} if campaign else dict(Campaign.objects.in_workspace(workspace).values_list("pk", "name"))
    steps = {str(step.pk): step for step in campaign.steps.order_by("position")} if campaign else {}
    return Results(
        numbers=numbers,
        days=days,
        funnel=Funnel(
            discovered=sum(statuses.values()),
            contacted=ever.people,
            replied=ever.people_answered,
            placed=statuses[Lead.Status.PLACED],
        ),
        waits=waits_of(numbers.waits),
        tables=_tables(workspace, numbers, names, campaign=campaign, steps=steps),
        links=links_of(workspace, campaign=campaign, names=names, now=now),
        trials=_trials(numbers, steps),
        statuses=statuses,
    )


def leads_by_status(workspace: Workspace, *, campaign: Campaign | None) -> dict[str, int]:
    """Every status, also one that no lead has. One query."""
    campaigns = [campaign.pk] if campaign else Campaign.objects.in_workspace(workspace).order_by().values("pk")
    counted: Counter[str] = Counter()
    # By campaign too, as leads_by_status has them in its order.
    rows = Lead.objects.filter(campaign__in=campaigns).order_by().values_list("campaign", "status")
    for _, status, leads in rows.annotate(Count("pk")):
        counted[status] += leads
    return {status.value: counted[status.value] for status in Lead.Status}


def waits_of(minutes: Sequence[int]) -> Waits:
    """Median and quartiles; of one answer its own time."""
    if not minutes:
        return Waits()
    if len(minutes) == 1:
        return Waits(1, minutes[0], minutes[0], minutes[0])
    return Waits(len(minutes), *quantiles(minutes, n=4, method="inclusive"))


def in_words(minutes: float) -> str:
    """`40 min`, `5 h`, `2 days`: as exact as one would say it."""
    if minutes < 1:
        return "under 1 min"
    if minutes < 90:
        return f"{round(minutes)} min"
    if minutes < 36 * 60:
        return f"{round(minutes / 60)} h"
    return f"{round(minutes / (24 * 60), 1):g} days"


def _tables(
    workspace: Workspace,
    numbers: Numbers,
    names: Mapping[int, str],
    *,
    campaign: Campaign | None,
    steps: Mapping[str, Step],
) -> list[Table]:
    tables = [_by_step(numbers, steps, of_campaign=campaign is not None)]
    if campaign is None:
        tables.insert(0, _table(numbers, Dimension.CAMPAIGN, "By campaign", "Campaign", names, ""))
    templates = dict(Template.objects.in_workspace(workspace).values_list("pk", "name"))
    mailboxes = dict(Mailbox.objects.in_workspace(workspace).values_list("pk", "email"))
    regions = {region.value: region.label for region in Region}
    sources = {source.value: source.label for source in Lead.Source}
    return [
        *tables,
        _table(numbers, Dimension.TEMPLATE, "By template", "Template", templates, "From no template"),
        _table(numbers, Dimension.MAILBOX, "By mailbox", "Mailbox", mailboxes, "A mailbox that is gone"),
        _table(numbers, Dimension.REGION, "By region", "Region", regions, "Erased people"),
        _table(numbers, Dimension.SOURCE, "By source", "How the site was found", sources, "Unknown"),
    ]


def _table(
    numbers: Numbers, dimension: Dimension, title: str, column: str, names: Mapping[Any, str], nothing: str
) -> Table:
    """The rows with most letters first."""
    labels = {str(key): name for key, name in names.items()}
    found = sorted(numbers.period[dimension].items(), key=lambda item: (-item[1].letters, item[0]))
    rows = [Row(labels.get(value, nothing or "Deleted"), sums) for value, sums in found]
    return Table(title, column, rows, dimension.value)


def _by_step(numbers: Numbers, steps: Mapping[str, Step], *, of_campaign: bool) -> Table:
    def label(value: str) -> str:
        if not value:
            return "Written one by one"
        if not of_campaign:
            return _place(int(value))
        return _place(steps[value].position) if value in steps else "A step that is gone"

    def place(value: str) -> int:
        if not of_campaign:
            return int(value or 1_000)
        return steps[value].position if value in steps else 1_000

    found = sorted(numbers.period[Dimension.STEP].items(), key=lambda item: (place(item[0]), item[0]))
    rows = [Row(label(value), sums, steps[value].letter_subject if value in steps else "") for value, sums in found]
    return Table("By step", "Letter", rows, Dimension.STEP.value)


def _place(position: int) -> str:
    return "First letter" if position == 1 else f"Follow-up {position - 1}"


def _trials(numbers: Numbers, steps: Mapping[str, Step]) -> list[Trial]:
    """Each step of which two variants have left."""
    found: dict[str, dict[str, Sums]] = {}
    for value, sums in numbers.ever[Dimension.VARIANT].items():
        step, _, variant = value.partition(":")
        found.setdefault(step, {})[variant] = sums
    trials = []
    for step, variants in sorted(found.items(), key=lambda item: steps[item[0]].position if item[0] in steps else 0):
        rows = [Row(variant, variants.get(variant, Sums())) for variant in ("A", "B")]
        verdict = compare(rows[0].answered, rows[1].answered)
        name = _place(steps[step].position) if step in steps else "A step that is gone"
        trials.append(Trial(name, verdict, rows))
    return trials


def replies_by_classification(numbers: Numbers) -> dict[str, int]:
    """Of all time: what people said, and beside it what came by itself."""
    came = numbers.ever[Dimension.CAME_BACK]
    return {tag: came[tag].replies if tag in came else 0 for tag in (*PEOPLE_SAY, *CAME_BY_ITSELF)}


def replies_of_people(classified: Mapping[str, int]) -> int:
    return sum(classified[tag] for tag in PEOPLE_SAY)


def _sums_as_json(sums: Sums) -> dict[str, int]:
    return {name: getattr(sums, name) for name in _NAMES}


_NAMES = ("letters", "people", "people_answered", "people_placed", "answered", "interested", "replies")
