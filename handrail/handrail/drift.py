"""Watches over traffic: more audits when scores move, a stop when audits find too much."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail_evals.decide.drift.feeding import feed as feed
    from handrail_evals.decide.drift.seen import Audited as Audited
    from handrail_evals.decide.drift.seen import Change as Change
    from handrail_evals.decide.drift.seen import Routed as Routed
    from handrail_evals.decide.drift.seen import Seen as Seen
    from handrail_evals.decide.drift.settings import WatchSettings as WatchSettings
    from handrail_evals.decide.drift.shift import Shift as Shift
    from handrail_evals.decide.drift.watch import Watch as Watch
    from handrail_evals.decide.drift.watch_file import WatchFile as WatchFile
    from handrail_evals.decide.drift.watch_file import read_watch as read_watch
    from handrail_evals.decide.drift.watch_file import watch_from_json as watch_from_json
    from handrail_evals.decide.drift.watch_file import watch_to_json as watch_to_json
    from handrail_evals.decide.drift.watch_file import write_watch as write_watch
    from handrail_evals.decide.drift.watched import LiveWatch as LiveWatch
    from handrail_evals.decide.drift.watched import Watched as Watched
    from handrail_evals.decide.drift.watched import WatchedAuditing as WatchedAuditing
    from handrail_evals.errors import UnknownCase as UnknownCase
    from handrail_evals.errors import UnreadableWatch as UnreadableWatch
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
