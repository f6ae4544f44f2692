#!/usr/bin/env python
"""Administrative commands of Plimsoll."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posture.settings")
    from django.core.management import execute_from_command_line

    from posture.platform.numbers import NumberError

    try:
        execute_from_command_line(sys.argv)
    except NumberError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
