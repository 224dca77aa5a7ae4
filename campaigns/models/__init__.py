"""Whom we write to, what we write, and how far it has come."""

from campaigns.models.attempt import Attempt, AttemptQuerySet, EnclosedFile, Ground
from campaigns.models.bulk import BulkChange, BulkChangeQuerySet, BulkPart
from campaigns.models.campaign import Campaign, CampaignQuerySet, Step, StepQuerySet, Template
from campaigns.models.discovery import DiscoveryRun, DiscoveryRunQuerySet, FoundContact, FoundSite, RunQuery
from campaigns.models.drafting import DraftRun, DraftRunQuerySet, OwnLetter, OwnLetterQuerySet, SiteText, TokenUse
from campaigns.models.imports import ColumnMeaning, ImportedRow, LeadImport, LeadImportQuerySet
from campaigns.models.lead import Contact, FoundHow, Lead, LeadQuerySet, MailDomain, Tag, TagQuerySet
from campaigns.models.placement import Placement, PlacementCheck, PlacementQuerySet
from campaigns.models.rest import Launch, LaunchQuerySet, StepChange, StepChangeQuerySet
from campaigns.models.rollup import Rollup, RollupState
from campaigns.models.sent_copy import SentCopy
from campaigns.models.session import Session
from campaigns.models.stage import Stage
from campaigns.models.task import Task, TaskQuerySet

__all__ = [
    "Attempt",
    "AttemptQuerySet",
    "BulkChange",
    "BulkChangeQuerySet",
    "BulkPart",
    "Campaign",
    "CampaignQuerySet",
    "ColumnMeaning",
    "Contact",
    "DiscoveryRun",
    "DiscoveryRunQuerySet",
    "DraftRun",
    "DraftRunQuerySet",
    "EnclosedFile",
    "FoundContact",
    "FoundHow",
    "FoundSite",
    "Ground",
    "ImportedRow",
    "Launch",
    "LaunchQuerySet",
    "Lead",
    "LeadImport",
    "LeadImportQuerySet",
    "LeadQuerySet",
    "MailDomain",
    "OwnLetter",
    "OwnLetterQuerySet",
    "Placement",
    "PlacementCheck",
    "PlacementQuerySet",
    "Rollup",
    "RollupState",
    "RunQuery",
    "SentCopy",
    "Session",
    "SiteText",
    "Stage",
    "Step",
    "StepChange",
    "StepChangeQuerySet",
    "StepQuerySet",
    "Tag",
    "TagQuerySet",
    "Task",
    "TaskQuerySet",
    "Template",
    "TokenUse",
]
