"""`plimsoll-probe`: prints what this host is and how it is protected, as one JSON document."""

import argparse
import importlib
import json
import signal
import sys
from typing import Optional, Sequence

from scanners.probe import VERSION
from scanners.probe.collect import SECONDS, document
from scanners.probe.signals import end_by

OUTPUT_BYTES = 16 << 20
COMMANDS = ("serve", "enrol", "unit")
_EPILOG = """\
commands, each with its own --help:
  serve   answer a Plimsoll server that asks for the document over TLS
  enrol   register this host as a node of a Plimsoll server, and make what serve needs
  unit    print a systemd unit that runs serve with the least rights
"""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in COMMANDS:
        # Loaded only here: a plain run needs neither TLS nor HTTP, nor has it them when it is piped to a host.
        return int(importlib.import_module("scanners.probe.agent." + words[0]).main(words[1:]))
    parser = argparse.ArgumentParser(
        prog="plimsoll-probe",
        usage="plimsoll-probe [COMMAND] [OPTIONS]",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--root", default="/", metavar="DIR", help="read the host whose files are below DIR")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="give up what is not read by then")
    parser.add_argument("--nonce", default="", help="a text to be repeated in the document")
    parser.add_argument("--version", action="version", version=VERSION)
    options = parser.parse_args(words)
    end_by(signal.SIGTERM)
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
