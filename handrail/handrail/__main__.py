"""``python -m handrail``."""

from handrail.main import main

main()
