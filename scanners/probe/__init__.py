"""The host probe: reads what an engine's API cannot tell, and prints one JSON document.

It runs on the node: standard library only, Python 3.6 and newer, read-only. Nothing outside this package may be
imported here, and nothing here may need more than Python 3.6.
"""

SCHEMA = "plimsoll.probe/1"
VERSION = "1.0"
