"""`plimsoll-probe unit`: prints a systemd unit that runs the agent with the least rights that reading a host needs.

Exit status: 0 printed, 2 wrong call, or a file that others than root could replace.
"""

import argparse
import os
import re
import sys
from typing import Optional, Sequence

from scanners.probe.agent import (
    CERTIFICATE,
    DIRECTORY,
    DONE,
    KEY,
    PORT,
    TOKEN,
    WRONG_CALL,
    SetupError,
    archive,
    say,
)
from scanners.probe.commands import is_ours

# Words of an ExecStart line that need no quoting, nor hold one of systemd's specifiers.
_PLAIN = re.compile(r"[A-Za-z0-9_@:.,+=\[\]/-]+")

UNIT = """\
# The host probe as an agent. Made by `plimsoll-probe unit`; needs systemd 247 or newer, for LoadCredential.
# Keep changes of your own in a drop-in: systemctl edit plimsoll-probe
[Unit]
Description=Plimsoll host probe
After=network-online.target
Wants=network-online.target

[Service]
Type=simple
ExecStart={python} -I {archive} serve --listen {listen} \\
    --certificate ${{CREDENTIALS_DIRECTORY}}/{certificate} --key ${{CREDENTIALS_DIRECTORY}}/{key} \\
    --token-file ${{CREDENTIALS_DIRECTORY}}/{token}
# Read by systemd at each start; after a change of one of them: systemctl restart plimsoll-probe
LoadCredential={certificate}:{directory}/{certificate}
LoadCredential={key}:{directory}/{key}
LoadCredential={token}:{directory}/{token}
Restart=on-failure
RestartSec=5

# Who may connect at all. Name the server, and nobody else is listened to:
#IPAddressDeny=any
#IPAddressAllow=192.0.2.10

# Bounds: the agent takes some 25 MB, a collection as much again in a process that ends with it, and the programs that
# are asked for their versions, one at a time, some 60 MB.
MemoryMax=128M
TasksMax=64
CPUQuota=50%
Nice=10

# Rights. The user is root, because auditctl answers nobody else; of root's capabilities only these are left:
#   CAP_DAC_READ_SEARCH  to read files and folders whatever their mode, and to change none
#   CAP_SYS_PTRACE       to read what confines the processes of others (/proc/PID/ns, /proc/PID/maps)
#   CAP_AUDIT_CONTROL    to have auditctl list the audit rules in the kernel
# Left out on purpose: CAP_SYS_ADMIN, without which the kernel lists no loaded BPF programs (CAP_BPF does not suffice)
# and does not tell net.core.bpf_jit_harden; and CAP_NET_ADMIN, without which it lists no packet filter. What needs them
# is told as not measured, never as passed.
CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SYS_PTRACE CAP_AUDIT_CONTROL
AmbientCapabilities=
NoNewPrivileges=yes
RestrictSUIDSGID=yes
UMask=0077

# Nothing can be written. Paths are read-only rather than hidden: what is hidden would be misread as absent. So there is
# no ProtectHome=yes (rootless runtimes live in /home and /run/user), no PrivateTmp (bundles may lie in /tmp), no
# PrivateDevices, no ProtectKernelModules (it hides /lib/modules, where the installed kernels are), no ProtectProc.
ProtectSystem=strict
ProtectHome=read-only
ReadOnlyPaths=/proc /sys /dev
ProtectKernelTunables=yes
ProtectControlGroups=yes
DevicePolicy=closed

# No AF_UNIX: whoever may open the socket of a container engine owns the host. What only such a socket tells, of an
# engine or of a directory service, is not measured. AF_NETLINK is auditctl's.
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
KeyringMode=private
SystemCallArchitectures=native
# adjtimex only reads the clock's state here: setting it needs a capability. ProtectClock would refuse both.
SystemCallFilter=@system-service adjtimex clock_adjtime
# What else CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH would open.
SystemCallFilter=~@debug process_vm_writev process_madvise open_by_handle_at
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def text(program: str, listen: str, directory: str) -> str:
    """The unit that starts the zipapp `program` with this Python."""
    return UNIT.format(
        python=word(sys.executable),
        archive=word(program),
        listen=word(listen),
        directory=word(directory),
        certificate=CERTIFICATE,
        key=KEY,
        token=TOKEN,
    )


def word(value: str) -> str:
    """The value if it can stand in a unit as it is. Raises `SetupError`."""
    if not _PLAIN.fullmatch(value):
        raise SetupError(f"{value!r} holds what a unit would need quoted; use a plainer name")
    return value


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="plimsoll-probe unit",
        description="Print a hardened systemd unit that runs `plimsoll-probe serve` with what `enrol` made.",
        epilog="Exit status: 0 printed, 2 wrong call, or a file that others than root could replace.",
    )
    parser.add_argument(
        "--listen",
        default=f"0.0.0.0:{PORT}",
        metavar="ADDRESS:PORT",
        help="default: %(default)s; IPv6: [::]:7443",
    )
    parser.add_argument(
        "--directory",
        default=DIRECTORY,
        metavar="DIR",
        help="where enrol wrote its files; default: %(default)s",
    )
    options = parser.parse_args(arguments)
    try:
        program = os.path.abspath(archive())
        for path in (program, sys.executable):
            if not is_ours(path):
                raise SetupError(
                    f"{path} may be changed by others: use one that only root may, as in /usr/local/bin"
                )
        sys.stdout.write(text(program, options.listen, os.path.abspath(options.directory)))
    except SetupError as error:
        say(str(error))
        return WRONG_CALL
    return DONE
