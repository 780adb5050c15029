"""``handrail review next``: one question after the other on a terminal, with similar decided cases beside each."""

from contextlib import closing
from typing import Annotated

import typer

from handrail.similar import SimilarCases
from handrail_orchestrator.cli.answering import Seat, answer_questions, take_next
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, AsOption, JsonOption, QueueOption, StoreOption
from handrail_orchestrator.review.moves import LONGEST_UNDO_SECONDS, UNDO_SECONDS


@complaining
def next_items(
    by: AsOption,
    store: StoreOption = DEFAULT_STORE,
    queue: QueueOption = None,
    undo_seconds: Annotated[
        float, typer.Option(min=0.0, max=LONGEST_UNDO_SECONDS, help="how long an answer can be taken back")
    ] = UNDO_SECONDS,
    lines: Annotated[bool, typer.Option("--lines", help="wait for Enter behind every key")] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer one question after the other; ? at the prompt lists the keys.

    With --json, take one question for five minutes and print it, for a program that answers with `review decide`.
    """
    seat = Seat(store, by, queue, undo_seconds=undo_seconds, lines=lines)
    if as_json:
        take_next(seat)
    else:
        answer_questions(seat, lambda client: closing(SimilarCases(client)))
