"""The host probe in the two forms in which it travels: one file to install, one text to pipe into `python3 -`.

`python -m scanners.probe_archive dist/plimsoll-probe.pyz` writes the file.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

PACKAGE = Path(__file__).with_name("probe")
SHEBANG = b"#!/usr/bin/env python3\n"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can name
_PARENT = '"""Room for the probe alone."""\n'
_START = "import sys\nfrom scanners.probe.__main__ import main\nsys.exit(main())\n"

# Runs where the probe is piped to: the modules stay in memory, so that nothing is written on the node.
_BOOTSTRAP = """\
import base64, importlib.abc, importlib.util, json, sys, zlib
SOURCES = json.loads(zlib.decompress(base64.b64decode({packed!r})).decode("utf-8"))
class Memory(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name in SOURCES:
            return importlib.util.spec_from_loader(name, self, is_package=SOURCES[name][0])
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        exec(compile(SOURCES[module.__name__][1], "<probe " + module.__name__ + ">", "exec"), module.__dict__)
sys.dont_write_bytecode = True
sys.meta_path.insert(0, Memory())
from scanners.probe.__main__ import main
sys.exit(main({arguments!r}))
"""


def sources(modules: str = "**/*.py") -> dict[str, str]:
    """Path inside the archive -> text of each module of the probe."""
    files = {
        f"scanners/probe/{path.relative_to(PACKAGE).as_posix()}": path.read_text()
        for path in PACKAGE.glob(modules)
    }
    return {"scanners/__init__.py": _PARENT, **files}


def build() -> bytes:
    """The probe as a zipapp. The same sources give the same bytes, on every machine and day."""
    buffer = io.BytesIO(SHEBANG)
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted({**sources(), "__main__.py": _START}.items()):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text, compresslevel=9)
    return buffer.getvalue()


def bootstrap(arguments: Sequence[str] = ()) -> bytes:
    """A program for `python3 -` that runs the probe with these arguments and leaves no file behind.

    Without the agent, which needs a file to start itself from.
    """
    modules = {}
    for name, text in sorted(sources("*.py").items()):
        is_package = name.endswith("/__init__.py")
        module = name.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        modules[module] = (is_package, text)
    packed = base64.b64encode(zlib.compress(json.dumps(modules).encode(), 9)).decode()
    return _BOOTSTRAP.format(packed=packed, arguments=list(arguments)).encode()


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m scanners.probe_archive FILE\n")
        return 2
    target = Path(arguments[0])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(build())
    target.chmod(0o755)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
