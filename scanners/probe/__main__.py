"""`plimsoll-probe`: prints what this host is and how it is protected, as one JSON document."""

import argparse
import json
import sys
from typing import Optional, Sequence

from scanners.probe import VERSION
from scanners.probe.collect import SECONDS, document

OUTPUT_BYTES = 16 << 20


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="plimsoll-probe", description=__doc__)
    parser.add_argument("--root", default="/", metavar="DIR", help="read the host whose files are below DIR")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="give up what is not read by then")
    parser.add_argument("--nonce", default="", help="a text to be repeated in the document")
    parser.add_argument("--version", action="version", version=VERSION)
    options = parser.parse_args(arguments)
    text = json.dumps(document(options.root, options.seconds, options.nonce[:200]), sort_keys=True)
    if len(text) > OUTPUT_BYTES:
        sys.stderr.write(
            f"plimsoll-probe: the document would be {len(text)} bytes; the limit is {OUTPUT_BYTES}\n"
        )
        return 1
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
