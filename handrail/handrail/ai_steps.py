"""AI steps and the models behind them: everything beyond what a first pipeline needs."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail_ai_steps.allowance import Limits as Limits
    from handrail_ai_steps.asked_guards import agreement as agreement
    from handrail_ai_steps.asked_guards import judge as judge
    from handrail_ai_steps.batch import BatchOutcome as BatchOutcome
    from handrail_ai_steps.batch import Failed as Failed
    from handrail_ai_steps.current_prices import current_prices as current_prices
    from handrail_ai_steps.errors import InvalidTask as InvalidTask
    from handrail_ai_steps.learn import read_examples as read_examples
    from handrail_ai_steps.model import Answer as Answer
    from handrail_ai_steps.model import Model as Model
    from handrail_ai_steps.model import ModelRequest as ModelRequest
    from handrail_ai_steps.model import NoAnswer as NoAnswer
    from handrail_ai_steps.model import Rejection as Rejection
    from handrail_ai_steps.models.decisions.model import DecisionModel as DecisionModel
    from handrail_ai_steps.models.extractor.labelled import LabelledDocument as LabelledDocument
    from handrail_ai_steps.models.extractor.model import LocalExtractor as LocalExtractor
    from handrail_ai_steps.models.instructor.model import InstructorModel as InstructorModel
    from handrail_ai_steps.models.local.examples import LabelledText as LabelledText
    from handrail_ai_steps.network import NetworkForbidden as NetworkForbidden
    from handrail_ai_steps.network import forbid_network as forbid_network
    from handrail_ai_steps.ocr_agreement import OcrAgreement as OcrAgreement
    from handrail_ai_steps.ocr_agreement import ocr_agreement as ocr_agreement
    from handrail_ai_steps.options import StepOptions as StepOptions
    from handrail_ai_steps.pictures.image import Image as Image
    from handrail_ai_steps.presidio import presidio_names as presidio_names
    from handrail_ai_steps.prices import Price as Price
    from handrail_ai_steps.prices import PriceTable as PriceTable
    from handrail_ai_steps.prices import PriceTier as PriceTier
    from handrail_ai_steps.prompt import Prompt as Prompt
    from handrail_ai_steps.resolve import sources as sources
    from handrail_ai_steps.routing.breaker import ModelBreaker as ModelBreaker
    from handrail_ai_steps.rule import EachField as EachField
    from handrail_ai_steps.similar import SimilarExamples as SimilarExamples
    from handrail_ai_steps.step import AIStep as AIStep
    from handrail_ai_steps.task import Example as Example
    from handrail_ai_steps.unchecked import Unchecked as Unchecked
    from handrail_guards.batching import Batching as Batching
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
