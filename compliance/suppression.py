"""Suppression: addresses and domains that nobody here writes to again.

Adding protects and is open to everybody who may write; it can be repeated, and never weakens what is there. What a
person asked for themselves (an opt-out, a complaint, an erasure) outranks what we found out (a refusal, a bounce, a
line added by hand), and only an owner may take it back; an erasure is for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache

from django.db import transaction

from compliance import audit, reputation
from compliance.addresses import InvalidAddressError, domain_of, fold, is_free_mail, normalise, parents_of
from compliance.models import Suppression
from compliance.privacy_models import Consent
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib import ports
from outreach_site.lib.among import among
from outreach_site.lib.crypto import keyed_digest
from outreach_site.lib.domains import registrable

__all__ = [
    "UNDO_FOR",
    "Added",
    "Lifting",
    "NotLiftableError",
    "Reason",
    "Suppression",
    "Wish",
    "entomb",
    "erased_among",
    "erased_since",
    "is_own_word",
    "is_stone",
    "lift",
    "lifting_of",
    "normalise_domain",
    "readable",
    "standing_among",
    "stone_of",
    "suppress",
    "suppress_domain",
    "suppress_each",
    "suppress_many",
    "suppressed_among",
    "undo",
]

Reason = Suppression.Reason
Scope = Suppression.Scope

# A person's own word, weakest first. Reasons that are not named here are ours, and none of them replaces another.
_OWN_WORD = {Reason.UNSUBSCRIBE: 1, Reason.OPT_OUT: 2, Reason.COMPLAINT: 3, Reason.ERASURE: 4}
_OPTS_OUT = frozenset({Reason.UNSUBSCRIBE, Reason.OPT_OUT, Reason.COMPLAINT})
# How long whoever may tag a reply can take back the suppression that came from it.
UNDO_FOR = timedelta(minutes=30)
# Rows that one statement looks up.
_SLICE = 1_000
_ANNOUNCED_AT_ONCE = 250


class NotLiftableError(Exception):
    """This suppression may not be lifted, or not by this person; the message says why."""


class Lifting(Enum):
    """What it takes to lift a suppression."""

    A_REASON = "a_reason"  # compliance or an owner, with a reason
    AN_OWNER = "an_owner"  # an owner who types the address: a person asked for it
    NEVER = "never"


@dataclass(frozen=True)
class Added:
    """What became of a batch: entries that are new, that got a stronger reason, and that stood already."""

    new: list[Suppression] = field(default_factory=list)
    stronger: list[Suppression] = field(default_factory=list)
    known: list[Suppression] = field(default_factory=list)

    @property
    def all(self) -> list[Suppression]:
        return [*self.new, *self.stronger, *self.known]


def suppress(
    *,
    workspace: Workspace | None,
    address: str,
    reason: str,
    source: str = "",
    note: str = "",
    letter: str = "",
    user: User | None = None,
    now: datetime,
) -> Suppression:
    """Nobody in `workspace` (None: on this server) writes to `address` again. May be repeated without harm.

    `letter` is the one that brought it about (attempt:42), where `source` does not say so: it is counted for that
    letter's mailbox and campaign. Raises InvalidAddressError. What waits for the address is told in the same
    transaction.
    """
    added = suppress_many(
        workspace=workspace,
        addresses=[address],
        reason=reason,
        source=source,
        note=note,
        letter=letter,
        user=user,
        now=now,
    )
    return added.all[0]


@dataclass(frozen=True, slots=True)
class Wish:
    """That nobody writes to an address again, and why; `letter` as in `suppress`."""

    address: str
    reason: Reason
    source: str
    note: str = ""
    letter: str = ""


def suppress_each(
    wishes: Sequence[Wish], *, workspace: Workspace, user: User | None = None, now: datetime
) -> list[Suppression | None]:
    """Many addresses at once, each for a reason of its own; what stands for each, None for what is no address.

    As if each had been suppressed in turn; the number of queries does not grow with them, unless the same address comes
    again.
    """
    keys = [_key_or_none(wish.address) for wish in wishes]
    stands: dict[str, Suppression] = {}
    found: list[Suppression | None] = [None] * len(wishes)
    waiting = [place for place, key in enumerate(keys) if key is not None]
    with transaction.atomic():
        while waiting:
            turn: dict[str, int] = {}
            for place in waiting:
                turn.setdefault(keys[place] or "", place)
            rows = [
                _row(Scope.ADDRESS, key, wishes[place], workspace=workspace, user=user, now=now)
                for key, place in sorted(turn.items())
            ]
            added = Added()
            kept = _without_erased(rows, added, workspace)
            if kept:
                _add(kept, added, workspace=workspace, user=user, now=now)
            stands = {entry.value: entry for entry in added.all}
            for key, place in turn.items():
                found[place] = stands.get(key) or stands.get(stone_of(key))
            taken = set(turn.values())
            waiting = [place for place in waiting if place not in taken]
        reputation.note_each(
            [(wish.letter, wish.reason) for wish, key in zip(wishes, keys, strict=True) if key and wish.letter],
            workspace=workspace,
            now=now,
        )
    return found


def _key_or_none(address: str) -> str | None:
    try:
        return fold(normalise(address))
    except InvalidAddressError:
        return None


def _row(
    scope: Scope, value: str, wish: Wish, *, workspace: Workspace | None, user: User | None, now: datetime
) -> Suppression:
    return Suppression(
        workspace=workspace,
        scope=scope,
        value=value,
        domain=domain_of(value) if scope == Scope.ADDRESS else value,
        reason=Reason(wish.reason),
        source=audit.one_line(wish.source, 64),
        note=audit.one_line(wish.note, 500),
        created_by_id=user.pk if user else None,
        created_at=now,
    )


def suppress_domain(
    *,
    workspace: Workspace | None,
    domain: str,
    reason: str,
    source: str = "",
    note: str = "",
    user: User | None = None,
    now: datetime,
) -> Suppression:
    """The same for everybody at `domain` and its subdomains. Raises InvalidAddressError."""
    added = suppress_many(
        workspace=workspace, domains=[domain], reason=reason, source=source, note=note, user=user, now=now
    )
    return added.all[0]


def suppress_many(
    *,
    workspace: Workspace | None,
    addresses: Iterable[str] = (),
    domains: Iterable[str] = (),
    reason: str,
    source: str = "",
    note: str = "",
    letter: str = "",
    user: User | None = None,
    now: datetime,
) -> Added:
    """Suppress a batch in one transaction. The number of queries grows by the thousand. Raises InvalidAddressError."""
    # In one order for everybody, so that two batches cannot wait for each other's new rows.
    wanted = [(Scope.ADDRESS, value) for value in sorted({fold(normalise(address)) for address in addresses})]
    wanted += [(Scope.DOMAIN, value) for value in sorted({normalise_domain(domain) for domain in domains})]
    wish = Wish("", Reason(reason), source, note)
    added = Added()
    with transaction.atomic():
        for start in range(0, len(wanted), _SLICE):
            rows = [
                _row(scope, value, wish, workspace=workspace, user=user, now=now)
                for scope, value in wanted[start : start + _SLICE]
            ]
            rows = _without_erased(rows, added, workspace)
            if rows:
                _add(rows, added, workspace=workspace, user=user, now=now)
        letter = letter or (source if source.startswith("attempt:") else "")
        if letter and workspace is not None:
            reputation.note(letter, workspace=workspace, reason=Reason(reason), now=now)
    return added


def _without_erased(rows: Sequence[Suppression], added: Added, workspace: Workspace | None) -> list[Suppression]:
    """The rows but those of erased addresses: their stones stand, and the address is not written down again."""
    here = workspace.pk if workspace else None
    stones = {stone_of(row.value): row for row in rows if row.scope == Scope.ADDRESS}
    for entry in Suppression.objects.filter(value__in=list(stones)):
        if entry.workspace_id == here and entry.value in stones:
            del stones[entry.value]
            added.known.append(entry)
    without_stone = {row.value for row in stones.values()}
    return [row for row in rows if row.scope != Scope.ADDRESS or row.value in without_stone]


def entomb(
    *, workspace: Workspace, address: str, source: str = "", user: User | None = None, now: datetime
) -> Suppression:
    """Suppress a normalised address for ever without writing it down: what an erasure leaves behind.

    Entries that name the address become stones too. What waits for it is told. May be repeated without harm.
    """
    stone, folded = stone_of(address), fold(address)
    with transaction.atomic():
        entry, is_new = Suppression.objects.get_or_create(
            workspace=workspace,
            scope=Scope.ERASED,
            value=stone,
            defaults={
                "reason": Reason.ERASURE,
                "source": audit.one_line(source, 64),
                "created_by_id": user.pk if user else None,
                "created_at": now,
            },
        )
        Suppression.objects.own_of(workspace).filter(scope=Scope.ADDRESS, value=folded).delete()
        _entomb_everywhere(folded, stone)
        if is_new:
            audit.record_many([_entry(entry, was="", user=user, now=now)])
        ports.announce_suppression(workspace_id=workspace.pk, addresses=[address])
    return entry


def _entomb_everywhere(address: str, stone: str) -> None:
    """An entry of the whole server goes on holding everywhere, and for its reason."""
    everywhere = Suppression.objects.filter(workspace=None)
    if everywhere.filter(value=stone).exists():
        everywhere.filter(scope=Scope.ADDRESS, value=address).delete()
    else:
        everywhere.filter(scope=Scope.ADDRESS, value=address).update(
            scope=Scope.ERASED, value=stone, domain="", note=""
        )


def erased_among(workspace: Workspace, addresses: Collection[str]) -> set[str]:
    """Which of these normalised addresses asked for erasure: they are not written down again. A query a thousand."""
    stones = {address: stone_of(address) for address in addresses}
    standing: set[str] = set()
    wanted = sorted(set(stones.values()))
    for start in range(0, len(wanted), _SLICE):
        entries = Suppression.objects.in_workspace(workspace).filter(value__in=wanted[start : start + _SLICE])
        standing.update(entries.values_list("value", flat=True))
    return {address for address, stone in stones.items() if stone in standing}


def erased_since(workspace_id: int, address: str) -> datetime | None:
    """When a normalised address was erased here; None if it never was."""
    stones = Suppression.objects.filter(workspace_id=workspace_id, scope=Scope.ERASED, value=stone_of(address))
    return stones.values_list("created_at", flat=True).first()


def stone_of(address: str) -> str:
    """What stands in the place of a normalised address that was erased: a keyed digest, of which nobody can tell it."""
    return address if is_stone(address) else f"erased:{keyed_digest('erased-address', fold(address))}"


def is_stone(value: str) -> bool:
    # No address begins like this: a colon is no character of an unquoted local part.
    return value.startswith("erased:")


def _add(
    rows: Sequence[Suppression], added: Added, *, workspace: Workspace | None, user: User | None, now: datetime
) -> None:
    """1. Lock what stands. 2. Insert the rest; losing that race to another worker is normal. 3. Lock what stands now.
    4. Strengthen what is weaker. 5. Audit and announce."""
    before = {(row.scope, row.value) for row in _standing(rows, workspace)}
    missing = [row for row in rows if (row.scope, row.value) not in before]
    Suppression.objects.bulk_create(missing, ignore_conflicts=True)
    ours = {(row.scope, row.value) for row in missing}
    wanted = {(row.scope, row.value): row for row in rows}
    new, stronger, repeated = [], [], []
    for row in _standing(rows, workspace):
        wish = wanted.get((row.scope, row.value))
        if wish is None:
            continue  # The same text as an address and as a domain.
        reason = Reason(wish.reason)
        if (row.scope, row.value) in ours and row.reason == reason and row.created_at == now:
            new.append(row)
        elif _OWN_WORD.get(reason, 0) > _OWN_WORD.get(Reason(row.reason), 0):
            stronger.append((row, row.reason))
            row.reason, row.source = reason, wish.source
            row.note = wish.note or row.note
        else:
            added.known.append(row)
            if row.source and row.source != wish.source:
                repeated.append(row)
    if repeated:
        # It stands for more than one reason now, so that nobody's undo takes it back for all of them.
        Suppression.objects.filter(pk__in=[row.pk for row in repeated]).update(source="")
    if stronger:
        Suppression.objects.bulk_update([row for row, _ in stronger], ["reason", "source", "note"])
    added.new.extend(new)
    added.stronger.extend(row for row, _ in stronger)
    changed = [(row, "") for row in new] + stronger
    _end_consents(rows, workspace, now)
    audit.record_many([_entry(row, was=was, user=user, now=now) for row, was in changed])
    _announce([row for row, _ in changed], workspace)
    ports.announce([_opted_out(row, now) for row, was in changed if _is_an_opt_out(row, was)])


def _is_an_opt_out(row: Suppression, was: str) -> bool:
    """A person's own word, and the first one; a list that somebody brings along tells of the past."""
    return (
        row.reason in _OPTS_OUT
        and was not in _OPTS_OUT
        and row.scope == Scope.ADDRESS
        and row.workspace_id is not None
        and not row.source.startswith("suppression_import:")
    )


def _opted_out(row: Suppression, now: datetime) -> ports.News:
    return ports.News(
        what=ports.What.OPT_OUT,
        workspace_id=row.workspace_id or 0,
        about=f"suppression:{row.pk}",
        key=f"suppression:{row.pk}",
        at=now,
        facts={"suppression_id": row.pk, "reason": str(row.reason), "source": row.source},
        email=row.value,
    )


def _end_consents(rows: Sequence[Suppression], workspace: Workspace | None, now: datetime) -> None:
    """Whoever says no at their own wish has taken back a consent that stands on record (consents.py)."""
    said_so = [row.value for row in rows if row.scope == Scope.ADDRESS and Reason(row.reason) in _OWN_WORD]
    if said_so:
        given = Consent.objects.live().filter(address__in=said_so)
        if workspace is not None:
            given = given.in_workspace(workspace)
        given.update(status=Consent.Status.WITHDRAWN, withdrawn_on=workspace.day_of(now) if workspace else now.date())


def _standing(rows: Sequence[Suppression], workspace: Workspace | None) -> list[Suppression]:
    """What stands for these values, locked."""
    # By value first and by key then: SQLite, asked for workspace and values, walks all that the workspace suppresses.
    candidates = Suppression.objects.filter(value__in=[row.value for row in rows]).values_list("pk", "workspace_id")
    here = workspace.pk if workspace else None
    keys = [key for key, workspace_id in candidates if workspace_id == here]
    # In one order for everybody here, too.
    return list(Suppression.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))


def _entry(row: Suppression, *, was: str, user: User | None, now: datetime) -> audit.Entry:
    return audit.Entry(
        event="suppression.strengthened" if was else "suppression.added",
        workspace_id=row.workspace_id,
        user_id=user.pk if user else None,
        about=f"suppression:{row.pk}",
        reason=row.get_reason_display(),
        lead_email="" if row.scope == Scope.ERASED else readable(row),
        details={"scope": row.scope, "reason": row.reason, "source": row.source, **({"was": was} if was else {})},
        now=now,
    )


def _announce(rows: Sequence[Suppression], workspace: Workspace | None) -> None:
    # In pieces: a listener asks for each domain with an OR, of which SQLite takes 1,000 a statement.
    for start in range(0, len(rows), _ANNOUNCED_AT_ONCE):
        piece = rows[start : start + _ANNOUNCED_AT_ONCE]
        ports.announce_suppression(
            workspace_id=workspace.pk if workspace else None,
            addresses=[row.value for row in piece if row.scope == Scope.ADDRESS],
            domains=[row.value for row in piece if row.scope == Scope.DOMAIN],
            opted_out={
                row.value: f"suppression:{row.pk}"
                for row in piece
                if row.scope == Scope.ADDRESS and row.reason in _OPTS_OUT
            },
        )


def readable(row: Suppression) -> str:
    """An entry as people write it: an address, or `@example.org` for a domain."""
    if row.scope == Scope.ERASED:
        return "An erased address"
    return row.value if row.scope == Scope.ADDRESS else f"@{row.value}"


def normalise_domain(text: str) -> str:
    """The one spelling of a domain, written `example.org`, `@example.org` or `*.example.org`.

    Raises InvalidAddressError; also for a suffix under which anybody registers (`co.uk`) and a provider who gives
    addresses to anybody (`gmail.com`): those would silence millions who asked for nothing.
    """
    written = text.strip().removeprefix("*.").removeprefix("@").rstrip(".")
    try:
        domain = domain_of(normalise(f"somebody@{written}"))
    except InvalidAddressError as err:
        raise InvalidAddressError(f"“{audit.one_line(text, 80)}” is neither an email address nor a domain.") from err
    if registrable(f"somebody.{domain}") == f"somebody.{domain}":
        raise InvalidAddressError(f"Anybody can register under {domain}. Add the domain that you mean.")
    if is_free_mail(domain):
        raise InvalidAddressError(f"{domain} gives addresses to anybody. Add the addresses that you mean.")
    return domain


def suppressed_among(workspace: Workspace | None, keys: Collection[str]) -> dict[str, Suppression]:
    """Which of these normalised addresses are suppressed here, and by which entry: the first of `standing_among`."""
    return {key: standing[0] for key, standing in standing_among(workspace, keys).items()}


@lru_cache(maxsize=5_000)
def values_against(key: str) -> tuple[str, ...]:
    """What an entry that concerns this normalised address may say: itself, its stone, or a domain above it.

    A letter's claim asks, and so does its start.
    """
    return fold(key), stone_of(key), *parents_of(domain_of(key))


def standing_among(workspace: Workspace | None, keys: Collection[str]) -> dict[str, list[Suppression]]:
    """Every entry that stands against these normalised addresses here: their own, those of domains above them, and the
    stone that an erasure left. The strongest reason comes first, and the narrower entry among equals.

    One query. `workspace` None asks only for what holds everywhere.
    """
    if not keys:
        return {}
    above = {key: values_against(key) for key in keys}
    values = {value for path in above.values() for value in path}
    here = {None, workspace.pk if workspace else None}
    found: dict[str, list[Suppression]] = {}
    # By value alone, and the workspace looked at here: SQLite, asked for both, walks all that the workspace suppresses.
    for entry in Suppression.objects.filter(among("value", values)):
        if entry.workspace_id in here and _scope_of(entry.value) == entry.scope:
            found.setdefault(entry.value, []).append(entry)
    suppressed = {}
    for key, path in above.items():
        standing = [entry for value in path for entry in found.get(value, ())]
        if standing:
            suppressed[key] = sorted(standing, key=_weight, reverse=True)
    return suppressed


def is_refusal(standing: Sequence[Suppression]) -> bool:
    """Whether nothing stands against an address but that this person said no: they may be answered once."""
    return bool(standing) and all(
        entry.reason == Reason.NOT_INTERESTED and entry.scope == Scope.ADDRESS for entry in standing
    )


def _scope_of(value: str) -> Scope:
    return Scope.ERASED if is_stone(value) else Scope.ADDRESS if "@" in value else Scope.DOMAIN


def _weight(entry: Suppression) -> tuple[int, bool, bool]:
    return _OWN_WORD.get(Reason(entry.reason), 0), entry.scope != Scope.DOMAIN, entry.workspace_id is not None


def is_own_word(entry: Suppression) -> bool:
    """Whether the person asked for it themselves."""
    return Reason(entry.reason) in _OWN_WORD


def lifting_of(entry: Suppression) -> Lifting:
    """What it takes to lift this entry. One that holds everywhere is not a single workspace's to lift."""
    if entry.reason == Reason.ERASURE or entry.workspace_id is None:
        return Lifting.NEVER
    return Lifting.AN_OWNER if is_own_word(entry) else Lifting.A_REASON


def lift(
    suppression: Suppression, *, user: User, reason: str, now: datetime, owner_typed_address: bool = False
) -> None:
    """Take an entry off the list; the audit log keeps why. Whether `user` may do so at all is the caller's to check.

    `owner_typed_address`: an owner confirmed it by typing the address, which a person's own word needs.
    Raises NotLiftableError: the entry is looked at again under a lock, as a stronger reason may have come meanwhile.
    """
    with transaction.atomic():
        entry = Suppression.objects.select_for_update().filter(pk=suppression.pk).first()
        if entry is None:
            return  # Somebody else was quicker.
        match lifting_of(entry):
            case Lifting.NEVER if entry.reason == Reason.ERASURE:
                raise NotLiftableError("This person asked for erasure. Nobody can lift that.")
            case Lifting.NEVER:
                raise NotLiftableError("This entry holds for every workspace on this server and cannot be lifted here.")
            case Lifting.AN_OWNER if not owner_typed_address:
                raise NotLiftableError("This person asked for it: only an owner who types the address can lift it.")
        _remove(entry, event="suppression.lifted", user=user, reason=reason, now=now)


def undo(suppression: Suppression, *, source: str, user: User, now: datetime) -> None:
    """Take back, within 30 minutes, a suppression that `source` (a subject such as reply:7) brought about.

    For whoever may tag a reply; a person's own word is not undone this way. Raises NotLiftableError.
    """
    with transaction.atomic():
        entry = Suppression.objects.select_for_update().filter(pk=suppression.pk).first()
        if entry is None:
            return
        if lifting_of(entry) != Lifting.A_REASON or entry.source != source:
            raise NotLiftableError("This address is suppressed for another reason too. Compliance can lift it.")
        if now - entry.created_at > UNDO_FOR:
            raise NotLiftableError("More than 30 minutes have passed. Compliance can lift it, with a reason.")
        _remove(entry, event="suppression.undone", user=user, reason="Taken back at once.", now=now)


def _remove(entry: Suppression, *, event: str, user: User, reason: str, now: datetime) -> None:
    audit.record_many(
        [
            audit.Entry(
                event=event,
                workspace_id=entry.workspace_id,
                user_id=user.pk,
                about=f"suppression:{entry.pk}",
                reason=reason,
                lead_email=readable(entry),
                details={
                    "scope": entry.scope,
                    "was": entry.reason,
                    "source": entry.source,
                    "added_at": entry.created_at,
                    "added_by": entry.created_by_id,
                },
                now=now,
            )
        ]
    )
    entry.delete()
