"""Notices when accepted values go wrong: raises audits when scores move, stops acceptance when audits find too much."""

from handrail_evals.decide.drift.change import Change
from handrail_evals.decide.drift.feeding import feed
from handrail_evals.decide.drift.seen import Audited, Routed, Seen
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.shift import Shift
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import WatchFile, read_watch, write_watch
from handrail_evals.decide.drift.watch_json import watch_from_json, watch_to_json
from handrail_evals.decide.drift.watched import LiveWatch, Watched, WatchedAuditing
from handrail_evals.errors import UnknownCase, UnreadableWatch

__all__ = [
    "Audited",
    "Change",
    "LiveWatch",
    "Routed",
    "Seen",
    "Shift",
    "UnknownCase",
    "UnreadableWatch",
    "Watch",
    "WatchFile",
    "WatchSettings",
    "Watched",
    "WatchedAuditing",
    "feed",
    "read_watch",
    "watch_from_json",
    "watch_to_json",
    "write_watch",
]
