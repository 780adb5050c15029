#!/usr/bin/env python3
"""Ask the console of this container whether it can be used: ``handrail-ready [URL]`` ends with 0 when it can."""

import sys
import urllib.error
import urllib.request

URL = "http://127.0.0.1:8377/readyz"
PATIENCE_SECONDS = 4.0


def main(url: str = URL) -> int:
    """Ask once; say what is wrong."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS):  # noqa: S310 -- the image says which
            return 0
    except urllib.error.HTTPError as error:
        print(f"{url} answers {error.code}: {error.read(500).decode(errors='replace')}", file=sys.stderr)
    except OSError as error:
        print(f"{url} does not answer: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
