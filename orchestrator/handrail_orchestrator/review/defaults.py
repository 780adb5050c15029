"""What a policy answers when nobody does: held to the type of the answer while the question is being asked."""

import json
from typing import TYPE_CHECKING

from handrail_guards.escalation import Escalation
from handrail_orchestrator.errors import Misuse, NotStorable
from handrail_orchestrator.review.answers import misfits

if TYPE_CHECKING:
    from handrail_orchestrator.codec import Codec


def require_defaults(step: str, escalation: Escalation, codec: "Codec[object]") -> None:
    """Check that each default of an escalation is an answer to the question.

    Raises:
        Misuse: one is not; nothing is asked.
    """
    for late in escalation.chain:
        if late.answer is None:
            continue
        problem = next((said for _, said in misfits(json.loads(codec.json_schema_text()), late.value)), None)
        try:
            codec.decode(late.answer)
        except NotStorable as error:
            problem = problem or error.problem
        if problem is not None:
            raise Misuse(f"{step}: Late('default', value={late.value!r}) is no answer to this question: {problem}")
