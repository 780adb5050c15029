"""What a person was shown, as one digest: a decision carries it, and none is taken for something else."""

import hashlib
import json


def digest_of(*parts: object) -> str:
    """Return the digest of what is shown of a question: its text, suggestion, form of answer, rule and reason."""
    # as a list, so that no two lists of parts read the same
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()[:32]
