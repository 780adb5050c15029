"""Personal data in texts: finding it, masking it so that it can be restored, and refusing it."""

from handrail_guards.personal_data.find import PersonalData, PersonalDataKind, find_personal_data
from handrail_guards.personal_data.guard import no_personal_data
from handrail_guards.personal_data.mask import Masked, mask, restore

__all__ = [
    "Masked",
    "PersonalData",
    "PersonalDataKind",
    "find_personal_data",
    "mask",
    "no_personal_data",
    "restore",
]
