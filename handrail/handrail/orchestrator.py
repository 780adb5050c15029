"""Runs, stores and reviews: everything beyond what a first pipeline needs."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail_orchestrator.breaker import Breaker as Breaker
    from handrail_orchestrator.context import StepContext as StepContext
    from handrail_orchestrator.control.bulk import BulkResult as BulkResult
    from handrail_orchestrator.control.forgetting import Forgotten as Forgotten
    from handrail_orchestrator.control.selection import RunSelection as RunSelection
    from handrail_orchestrator.dueness import NewItem as NewItem
    from handrail_orchestrator.embedded.settings import Settings as Settings
    from handrail_orchestrator.errors import AnswerRefused as AnswerRefused
    from handrail_orchestrator.errors import DeadlineExceeded as DeadlineExceeded
    from handrail_orchestrator.errors import Declined as Declined
    from handrail_orchestrator.errors import FilePurged as FilePurged
    from handrail_orchestrator.errors import HistoryMismatch as HistoryMismatch
    from handrail_orchestrator.errors import InputFileError as InputFileError
    from handrail_orchestrator.errors import InvalidWorkflow as InvalidWorkflow
    from handrail_orchestrator.errors import Misuse as Misuse
    from handrail_orchestrator.errors import NotAllowed as NotAllowed
    from handrail_orchestrator.errors import NotPromoted as NotPromoted
    from handrail_orchestrator.errors import NotStorable as NotStorable
    from handrail_orchestrator.errors import OrchestratorError as OrchestratorError
    from handrail_orchestrator.errors import ReviewConflict as ReviewConflict
    from handrail_orchestrator.errors import ReviewError as ReviewError
    from handrail_orchestrator.errors import RunConflict as RunConflict
    from handrail_orchestrator.errors import RunError as RunError
    from handrail_orchestrator.errors import StoreCorrupt as StoreCorrupt
    from handrail_orchestrator.errors import StoreError as StoreError
    from handrail_orchestrator.errors import StoreNotFound as StoreNotFound
    from handrail_orchestrator.errors import UnknownFile as UnknownFile
    from handrail_orchestrator.errors import UnknownItem as UnknownItem
    from handrail_orchestrator.errors import UnknownRollout as UnknownRollout
    from handrail_orchestrator.errors import UnknownRun as UnknownRun
    from handrail_orchestrator.errors import UnknownTrigger as UnknownTrigger
    from handrail_orchestrator.errors import UnknownWorkflow as UnknownWorkflow
    from handrail_orchestrator.errors import WaitExpired as WaitExpired
    from handrail_orchestrator.errors import WrongState as WrongState
    from handrail_orchestrator.hooks import Hooks as Hooks
    from handrail_orchestrator.notices.apprise_channel import apprise as apprise
    from handrail_orchestrator.notices.plan import Notices as Notices
    from handrail_orchestrator.notices.quiet import QuietHours as QuietHours
    from handrail_orchestrator.notices.routes import Route as Route
    from handrail_orchestrator.notices.slack import slack_channel as slack_channel
    from handrail_orchestrator.orchestrator import RunHandle as RunHandle
    from handrail_orchestrator.ready.errors import ActionFailed as ActionFailed
    from handrail_orchestrator.ready.errors import CallFailed as CallFailed
    from handrail_orchestrator.ready.errors import CallRefused as CallRefused
    from handrail_orchestrator.ready.errors import CallUnsure as CallUnsure
    from handrail_orchestrator.ready.http import HttpAnswer as HttpAnswer
    from handrail_orchestrator.ready.http import HttpRequest as HttpRequest
    from handrail_orchestrator.ready.http import HttpSystem as HttpSystem
    from handrail_orchestrator.ready.http import bearer_from as bearer_from
    from handrail_orchestrator.ready.http import http_call as http_call
    from handrail_orchestrator.ready.http_service import HttpService as HttpService
    from handrail_orchestrator.ready.mail import Mail as Mail
    from handrail_orchestrator.ready.mail import MailReceipt as MailReceipt
    from handrail_orchestrator.ready.mail import MailSystem as MailSystem
    from handrail_orchestrator.ready.mail import send_mail as send_mail
    from handrail_orchestrator.ready.smtp_server import SmtpServer as SmtpServer
    from handrail_orchestrator.records.failure import RecordedError as RecordedError
    from handrail_orchestrator.records.item import ReviewChange as ReviewChange
    from handrail_orchestrator.records.item import ReviewDetail as ReviewDetail
    from handrail_orchestrator.records.item import ReviewItem as ReviewItem
    from handrail_orchestrator.records.judgement import JudgementRecord as JudgementRecord
    from handrail_orchestrator.records.rollout import ChallengeRecord as ChallengeRecord
    from handrail_orchestrator.records.rollout import RolloutChange as RolloutChange
    from handrail_orchestrator.records.rollout import RolloutRecord as RolloutRecord
    from handrail_orchestrator.records.rollout import RolloutVerdict as RolloutVerdict
    from handrail_orchestrator.records.run import RunRecord as RunRecord
    from handrail_orchestrator.records.run import WaitRecord as WaitRecord
    from handrail_orchestrator.records.step import StepRecord as StepRecord
    from handrail_orchestrator.records.trigger import TriggerRecord as TriggerRecord
    from handrail_orchestrator.statistics.stats import Funnel as Funnel
    from handrail_orchestrator.statistics.stats import Stats as Stats
    from handrail_orchestrator.statistics.stats import StatsWindow as StatsWindow
    from handrail_orchestrator.step import Step as Step
    from handrail_orchestrator.store.port import ReviewQuery as ReviewQuery
    from handrail_orchestrator.store.port import RunQuery as RunQuery
    from handrail_orchestrator.store.triggers import TriggerEvent as TriggerEvent
    from handrail_orchestrator.telemetry.exporting import telemetry_from_environment as telemetry_from_environment
    from handrail_orchestrator.telemetry.open_telemetry import OpenTelemetry as OpenTelemetry
    from handrail_orchestrator.telemetry.trace_context import in_trace as in_trace
    from handrail_orchestrator.triggers.ended import EndedRun as EndedRun
    from handrail_orchestrator.triggers.ended import on as on
    from handrail_orchestrator.triggers.every import Occurrence as Occurrence
    from handrail_orchestrator.triggers.every import every as every
    from handrail_orchestrator.triggers.every import times as times
    from handrail_orchestrator.triggers.folder import folder as folder
    from handrail_orchestrator.triggers.port import ByHand as ByHand
    from handrail_orchestrator.triggers.port import Trigger as Trigger
    from handrail_orchestrator.triggers.port import TriggerHost as TriggerHost
    from handrail_orchestrator.triggers.secrets_given import from_environment as from_environment
    from handrail_orchestrator.triggers.signatures import Scheme as Scheme
    from handrail_orchestrator.triggers.signatures import github as github
    from handrail_orchestrator.triggers.signatures import hmac_sha256 as hmac_sha256
    from handrail_orchestrator.triggers.signatures import slack as slack
    from handrail_orchestrator.triggers.signatures import stripe as stripe
    from handrail_orchestrator.triggers.webhook import Delivery as Delivery
    from handrail_orchestrator.triggers.webhook import Hook as Hook
    from handrail_orchestrator.triggers.webhook import HookAnswer as HookAnswer
    from handrail_orchestrator.triggers.webhook import webhook as webhook
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
