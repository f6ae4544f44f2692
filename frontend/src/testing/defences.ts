import type { Defence, DefenceState, HostMatrix, Mechanism, StateCounts } from "../api/defences";

/** Two mechanisms of hosts and one of containers, as the API describes them. */
export const MECHANISMS: Mechanism[] = [
  {
    id: "seccomp",
    title: "Seccomp",
    kind: "host",
    blunts: [{ id: "kernel-exploit", meaning: "A flaw of the kernel is reached." }],
    why: "Most flaws lie behind calls that nobody needs.",
    remediation: "Keep the default profile.",
    check: "kernel.seccomp-available",
    in_container: "seccomp-filter",
    rules: [
      { weakness: "kernel-exploit", factor: 0.9, reason: "The call that the exploit needs is refused." },
    ],
  },
  {
    id: "lockdown",
    title: "Kernel lockdown",
    kind: "host",
    blunts: [{ id: "host-tampering", meaning: "What the host runs is exchanged." }],
    why: "Root cannot change the running kernel.",
    remediation: "Start with lockdown=integrity.",
    check: "",
    in_container: "",
    rules: [],
  },
  {
    id: "seccomp-filter",
    title: "Seccomp filter",
    kind: "container",
    blunts: [],
    why: "",
    remediation: "",
    check: "",
    in_container: "",
    rules: [],
  },
];

export const SINCE = "2026-03-03T09:00:00Z";

export function counts(given: Partial<StateCounts>): StateCounts {
  return { enforcing: 0, permissive: 0, absent: 0, not_measured: 0, not_applicable: 0, ...given };
}

/** One host of the matrix; its cells are numbered by its own id. */
export function hostRow(id: number, name: string, seccomp: DefenceState, lockdown: DefenceState): HostMatrix {
  return {
    id,
    name,
    environment: { id: 7, slug: "production", name: "Production" },
    node: null,
    distribution: "Debian GNU/Linux 13",
    kernel_release: "6.12.48",
    is_root: true,
    reboot_required: false,
    load: { load: 12, line: 100, coverage: 1, band: null, measured: true },
    last_seen_at: SINCE,
    defences: {
      seccomp: { id: id * 10, state: seccomp, since: SINCE },
      lockdown: { id: id * 10 + 1, state: lockdown, since: SINCE },
    },
  };
}

/** The cell of one host with what proves it. */
export function evidence(host: HostMatrix, mechanism: string, lines: string[]): Defence {
  const described = MECHANISMS.find((known) => known.id === mechanism);
  const cell = host.defences[mechanism];
  return {
    id: cell?.id ?? 0,
    asset: { kind: "host", id: host.id, name: host.name },
    host: null,
    mechanism,
    title: described?.title ?? mechanism,
    state: cell?.state ?? "not_measured",
    since: SINCE,
    evidence: lines,
    evidence_since: SINCE,
    why: "",
    remediation: described?.remediation ?? "",
    check: described?.check ?? "",
  };
}
