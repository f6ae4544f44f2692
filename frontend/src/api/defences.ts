/** What /api/v1/ answers about kernel defences and about what a host probe told. */

import type { AssetRef, EnvironmentRef, Load, NodeState } from "./types";

export type DefenceState = "enforcing" | "permissive" | "absent" | "not_measured" | "not_applicable";

/** One cell of the matrix; `id` is its row under /defences. */
export interface DefenceCell {
  id: number;
  state: DefenceState;
  since: string;
}

/** A row's cells by mechanism. One that is missing was not assessed yet. */
export type DefenceCells = Record<string, DefenceCell | null | undefined>;

/** One host of the kernel defence matrix. */
export interface HostMatrix {
  id: number;
  name: string;
  environment: EnvironmentRef | null;
  node: { id: number; name: string; state: NodeState } | null;
  distribution: string;
  kernel_release: string;
  is_root: boolean;
  /** Null: not measured. */
  reboot_required: boolean | null;
  load: Load;
  last_seen_at: string;
  defences: DefenceCells;
}

/** One container of the kernel defence matrix. */
export interface ContainerMatrix {
  id: number;
  name: string;
  host: AssetRef;
  environment: EnvironmentRef | null;
  /** Who started it; empty when that cannot be told. */
  manager: string;
  load: Load;
  last_seen_at: string;
  defences: DefenceCells;
}

/** The state of one mechanism on one asset, with what proves it. */
export interface Defence {
  id: number;
  asset: AssetRef;
  host: AssetRef | null;
  mechanism: string;
  title: string;
  state: DefenceState;
  since: string;
  evidence: string[];
  evidence_since: string;
  why: string;
  remediation: string;
  check: string;
}

/** One column of the matrix. */
export interface Mechanism {
  id: string;
  title: string;
  kind: "host" | "container";
  blunts: { id: string; meaning: string }[];
  why: string;
  remediation: string;
  /** Empty when no check judges the same. */
  check: string;
  /** The mechanism of containers that says whether one has what the host offers; empty when there is none. */
  in_container: string;
  rules: { weakness: string; factor: number; reason: string }[];
}

export type StateCounts = Record<DefenceState, number>;

export interface DefenceGroup {
  /** What the filter of the matrix takes; empty for all. */
  group: string;
  label: string;
  assets: number;
  mechanisms: { mechanism: string; states: StateCounts }[];
}

export interface DifferingValue {
  value: string;
  hosts: AssetRef[];
}

/** A setting on which hosts are not known to be alike. */
export interface Difference {
  pointer: string;
  name: string;
  /** False: those that were measured agree, and some were not measured. */
  is_different: boolean;
  values: DifferingValue[];
  not_measured: DifferingValue[];
  absent: AssetRef[];
}

export interface Divergence {
  hosts: AssetRef[];
  hosts_total: number;
  alike: number;
  differences: Difference[];
}

export interface NotMeasured {
  pointer: string;
  reason: string;
}

/** What the host probe last said of a host. */
export interface HostProbe {
  node: { id: number; name: string; state: NodeState } | null;
  probe_version: string;
  is_root: boolean;
  distribution: string;
  kernel_release: string;
  reboot_required: boolean | null;
  packages: { manager: string | null; count: number | null };
  since: string;
  not_measured: NotMeasured[];
  skipped: { where: string; reason: string }[];
  document: unknown;
}

export interface HostPackage {
  name: string;
  version: string;
  architecture: string;
  source: string;
}

/** What the host probe last said of a container. */
export interface ContainerProbe {
  host: AssetRef;
  manager: string;
  since: string;
  loaded: { watched_since: string; grown_at: string; paths: string[] } | null;
  not_measured: NotMeasured[];
  document: unknown;
}
