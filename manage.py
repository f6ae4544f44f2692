#!/usr/bin/env python
"""Administrative commands of Plimsoll."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posture.settings")
    from django.core.management import execute_from_command_line

    from posture.platform.mail_server import MailServerError
    from posture.platform.numbers import NumberError
    from posture.platform.secrets import SecretError

    try:
        execute_from_command_line(sys.argv)
    except (NumberError, MailServerError, SecretError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
