"""What is given to operations on promises, and what they answer."""

from typing import Annotated

from pydantic import Field

from handrail.console.api.operation import Given
from handrail.console.api.run_models import Text, Told
from handrail_guards.promise_part import PartKind
from handrail_orchestrator.store.promises import PromiseState


class PromisePlace(Given):
    """Which promise."""

    target: Annotated[
        str,
        Field(
            min_length=1,
            description="Its workflow and step, `triage%2Froute`: the promise of that step whose model judged last,"
            " or, where it is paused or resumed, all of that step; `triage%2Froute%5Bgold%5D` of one group; or its"
            " number",
        ),
    ]


class PromisesQuery(Given):
    """Which promises."""

    workflow: Text | None = Field(default=None, description="Only those of this workflow")
    earlier: bool = Field(default=False, description="Those of earlier models, prompts and servers, too")


class PromiseWhyBody(Given):
    """Why it is paused or resumed."""

    why: Text = Field(pattern=r"\S", description="Why, for the record")


class PromiseTold(Told):
    """One promise: what it speaks of, its rule in force, and what became of its cases; shares are from 0 to 1."""

    number: int
    target: str
    name: str = Field(description="The target with its group, `triage/route[gold]`")
    workflow: str
    step: str
    model: str = Field(description="Who answers, by the answers' own name; another name is another promise")
    prompt_version: str
    servers: list[str]
    terms: str = Field(description="What is promised, in one line")
    wrong_at_most: float = Field(description="The bound; of `missed`, on the share of the label's cases")
    sure: float
    about: PartKind = Field(
        description="What is bounded: `wrong` values among the accepted, among those accepted as one `label`, in one"
        " `field`, or what is `missed` of a label"
    )
    of: str = Field(description="The label or the field")
    by: str = Field(description="What says which group a case is of; empty: there are no groups")
    group: str = Field(description="The group whose cases it speaks of")
    stops_at: float | None = Field(description="The risk at which one more case costs as much as its review")
    state: PromiseState = Field(
        description="`paused`: a person said so; `shadow`: its model is only tried, on the cases of the one that"
        " answers; `stopped`: its model was given up. Only `keeping` accepts"
    )
    why: str = Field(description="Why nothing is accepted, or why it is paused")
    rule: int = Field(description="The number of the rule in force; 0: the one that everything begins with")
    threshold: float | None = Field(description="The least confidence that is accepted; null: nothing is")
    accepted_share: float = Field(description="The share of accepted cases that is asked blind")
    labels: int = Field(description="Blind answers that the rule was set on")
    set_at: float | None
    begun: float
    cases: int = Field(description="Distinct inputs")
    accepted: int
    coverage: float | None = Field(description="The share of its cases that was accepted; null: there were none")
    drawn: int
    answered: int
    wrong: int = Field(description="Of the answered: wrong, or given up; of `missed`, of the label, or given up")
    accepted_answered: int
    accepted_wrong: int
    accepted_risk: float | None = Field(
        description="The share of what was accepted that is wrong, by its blind answers, each weighed by its share of"
        " being asked; null: none was answered, or it bounds what is `missed`"
    )
    accepted_risk_from: float | None = Field(description="Wilson's interval of 95%: what is seen, not what is promised")
    accepted_risk_to: float | None
    is_current: bool = Field(description="Whether the last case of its step, group and bound was judged by it")


class PromisesTold(Told):
    """What is promised."""

    promises: list[PromiseTold]


class PromiseRuleTold(Told):
    """A rule that it was kept by, until the next one."""

    number: int
    at: float
    threshold: float | None
    accepted_share: float
    below_share: float = Field(description="The share of cases below the threshold that is asked blind")
    cases: int = Field(description="Read by then")
    labels: int = Field(description="Blind answers by then")
    wrong: int = Field(description="Of those at or above the threshold: wrong, or given up")
    why: str
    judged: int = Field(description="Cases that were judged by it so far")
    accepted: int = Field(description="Of them: accepted")


class PromiseChangeTold(Told):
    """Something that was decided about it."""

    at: float
    action: str = Field(description="`rule`, `ladder`, `stopped`, `paused` or `resumed`")
    by: str
    why: str


class PromiseDetailTold(PromiseTold):
    """One promise, with its rules and what was decided about it, oldest first."""

    rules: list[PromiseRuleTold]
    history: list[PromiseChangeTold]
