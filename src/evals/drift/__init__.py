"""Notices when accepted values go wrong: raises audits when scores move, stops acceptance when audits find too much."""

from evals.drift.change import Change
from evals.drift.errors import UnknownCase, UnreadableWatch
from evals.drift.feeding import feed
from evals.drift.seen import Audited, Routed, Seen
from evals.drift.settings import WatchSettings
from evals.drift.shift import Shift
from evals.drift.watch import Watch
from evals.drift.watch_file import WatchFile, read_watch, write_watch
from evals.drift.watch_json import watch_from_json, watch_to_json
from evals.drift.watched import LiveWatch, Watched, WatchedAuditing

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
