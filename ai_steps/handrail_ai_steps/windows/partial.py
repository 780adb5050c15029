"""An output type for a part of a document, where any field may be missing, because it stands elsewhere."""

from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Optional

from handrail_ai_steps.output import Output

if TYPE_CHECKING:
    from pydantic import BaseModel


def partial(output_type: Any) -> "Output | None":
    """Return what a part of a document is asked for: each field of the type or None; None: the type has no fields.

    Rules over the whole of the type (its own validators) are not among it: they are held against the whole.
    """
    from pydantic import BaseModel  # noqa: PLC0415 -- pydantic takes longest of all to load

    if not (isinstance(output_type, type) and issubclass(output_type, BaseModel)) or output_type.model_fields is None:
        return None
    return _partial(output_type)


@lru_cache(maxsize=64)
def _partial(output_type: "type[BaseModel]") -> Output:
    from pydantic import ConfigDict, create_model  # noqa: PLC0415 -- as above

    fields: dict[str, Any] = {}
    for name, info in output_type.model_fields.items():
        own = copy(info)
        own.default, own.default_factory = None, None
        fields[name] = (Optional[info.annotation], own)  # noqa: UP045 -- the type is a value here
    made = create_model(output_type.__name__, __config__=ConfigDict(populate_by_name=True), **fields)
    made.__doc__ = output_type.__doc__
    return Output(made)
