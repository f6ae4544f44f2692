import type { DecisionOutcome, FindingActivity, FindingDecision } from "./decisions";

/** The shapes that /api/v1/ answers with. Times are RFC 3339 in UTC; ids are integers unless said otherwise. */

export type Severity = "critical" | "high" | "medium" | "low" | "info";
export type Outcome = "pass" | "fail" | "manual" | "not_applicable" | "not_measured" | "error";
export type AssetKind = "host" | "container" | "image" | "cluster";
export type NodeKind = "docker" | "probe" | "registry";
export type NodeState = "new" | "healthy" | "degraded" | "failing" | "paused";
export type PullState = "queued" | "running" | "succeeded" | "partial" | "failed" | "cancelled";
export type FindingState =
  | "open"
  | "reopened"
  | "in_progress"
  | "awaiting_approval"
  | DecisionOutcome
  | "resolved";
export type Role = "viewer" | "analyst" | "administrator" | "auditor";

export interface Count {
  value: number;
  /** False when counting stopped at the bound: there are at least `value`. */
  exact: boolean;
}

export interface Page<Row> {
  results: Row[];
  next: string | null;
  count: Count;
}

export interface FacetValue {
  value: string;
  label: string;
  count: Count;
}

export interface Facet {
  name: string;
  label: string;
  values: FacetValue[];
}

export interface AssetRef {
  kind: AssetKind;
  id: number;
  name: string;
}

export interface EnvironmentRef {
  id: number;
  slug: string;
  name: string;
}

/** How loaded an asset is. `load` is null while nothing was measured; `band` is what the load could be at worst. */
export interface Load {
  load: number | null;
  line: number;
  /** Share of the expected evidence that is there, 0..1. */
  coverage: number;
  band: number | null;
  measured: boolean;
}

export type SeverityCounts = Record<Severity, number>;

export interface ProblemSummary {
  code: string;
  title: string;
  detail: string;
  hint?: string | null;
  at?: string | null;
}

export interface Me {
  id: number;
  username: string;
  email: string;
  role: Role;
  must_change_password: boolean;
  /** Null means every environment. */
  environments: EnvironmentRef[] | null;
  permissions: string[];
  last_login_at: string | null;
}

export interface Session {
  authenticated: boolean;
  user: Me | null;
  idle_timeout_seconds?: number;
}

export interface Meta {
  version: string;
  checks_version: string;
  /** No larger file is taken in. */
  upload_max_bytes: number;
  demo: boolean;
  enums: Record<string, { value: string; label: string; order?: number; glyph?: string }[]>;
}

export interface Freshness {
  nodes: number;
  fresh: number;
  stale: number;
  waiting: number;
  failing: number;
  paused: number;
  queue_lag_seconds: number | null;
  oldest_success_at: string | null;
}

export interface SearchResult {
  kind: "host" | "container" | "image" | "vulnerability" | "package" | "check" | "node" | "finding";
  id: number | string;
  name: string;
  detail: string;
}

export interface Environment extends EnvironmentRef {
  description: string;
  line: number;
  data_classes: string[];
  /** An image that runs here and is signed by nobody trusted is a finding. */
  requires_signatures: boolean;
  /** A second person has to agree to decisions that hide findings here. */
  requires_approval: boolean;
  /** Where images that run here may come from; null: nobody wrote a list. */
  allowed_registries: string[] | null;
  load: Load;
  hosts: number;
  hosts_above_line: number;
  containers: number;
  open_findings: SeverityCounts;
}

/** Whom to believe when images are signed: a key, or an identity that an issuer vouches for. */
export interface TrustedSigner {
  id: number;
  name: string;
  kind: "key" | "identity";
  /** Where it is trusted; null: in every environment. */
  environment: EnvironmentRef | null;
  public_key: string;
  key_id: string;
  issuer: string;
  subject: string;
  repositories: string[];
  created_at: string;
}

export interface PullLimits {
  seconds: number | null;
  bytes: number | null;
  items: number | null;
}

export interface HostKey {
  type: string;
  fingerprint: string;
}

export interface Node {
  id: number;
  name: string;
  kind: NodeKind;
  address: string;
  allow_plaintext: boolean;
  /** The host probe runs as root, over ssh://. */
  use_sudo: boolean;
  /** An engine over ssh:// whose host is probed over the same connection. */
  reads_host: boolean;
  environment: EnvironmentRef | null;
  labels: Record<string, string>;
  state: NodeState;
  paused: boolean;
  interval_seconds: number;
  limits: PullLimits;
  has_credential: boolean;
  credential_parts: string[];
  host_key: HostKey | null;
  host: AssetRef | null;
  engine: { name: string; version: string; api_version: string } | null;
  last_pull: { id: number; state: PullState; finished_at: string | null } | null;
  last_success_at: string | null;
  /** When the host probe last told something. */
  host_read_at: string | null;
  next_due_at: string | null;
  consecutive_failures: number;
  last_error: ProblemSummary | null;
  created_at: string;
}

export interface Credential {
  ca_certificate?: string;
  client_certificate?: string;
  client_key?: string;
  ssh_private_key?: string;
  ssh_passphrase?: string;
  ssh_host_key?: string;
  /** The bearer token of a host probe that runs as an agent. */
  token?: string;
  /** An account at a registry. */
  username?: string;
  password?: string;
}

export interface NodeWrite {
  name: string;
  kind: NodeKind;
  address: string;
  environment: number | null;
  labels: Record<string, string>;
  interval_seconds: number;
  limits: Partial<PullLimits>;
  credential?: Credential;
  allow_plaintext?: boolean;
  use_sudo?: boolean;
  reads_host?: boolean;
}

export type EnrolmentState = "open" | "used" | "expired" | "revoked";

/** With it one host registers itself as a node of the environment. */
export interface EnrolmentToken {
  id: number;
  name: string;
  prefix: string;
  environment: EnvironmentRef;
  labels: Record<string, string>;
  state: EnrolmentState;
  created_at: string;
  created_by: { id: number; username: string } | null;
  expires_at: string;
  used_at: string | null;
  revoked_at: string | null;
  /** The node that it made, while there is one that the reader may see. */
  node: { id: number; name: string } | null;
}

/** The answer to a creation, the only one that holds the token's text. */
export interface NewEnrolmentToken extends EnrolmentToken {
  token: string;
}

export interface ConnectionTest {
  ok: boolean;
  report: {
    engine: string;
    version: string;
    api_version: string;
    name: string;
    /** Null: this kind of node does not tell. */
    containers: number | null;
    images: number | null;
    readable: string[];
    missing: string[];
  } | null;
  error: ProblemSummary | null;
  elapsed_ms: number;
}

export interface ScannedHostKey {
  type: string;
  key: string;
  fingerprint: string;
}

export interface PullStep {
  name: string;
  title: string;
  state: "waiting" | "running" | "done" | "failed";
  started_at: string | null;
  finished_at: string | null;
}

export interface Pull {
  id: number;
  node: { id: number; name: string };
  state: PullState;
  trigger: string;
  attempt: number;
  step: string | null;
  steps: PullStep[];
  progress: { phase: string; done: number; total: number | null } | null;
  queued_at: string;
  started_at: string | null;
  finished_at: string | null;
  duration_seconds: number | null;
  heartbeat_at: string | null;
  worker: string | null;
  cancel_requested: boolean;
  error: ProblemSummary | null;
  counts: Record<string, number> | null;
  bytes_read: number | null;
}

export interface PullDetail extends Pull {
  log: { at: string; level: string; message: string }[];
  skipped: { kind: string; where: string; reason: string }[];
  skipped_total: number;
}

interface Lifetime {
  first_seen_at: string;
  last_seen_at: string;
  gone_at: string | null;
}

export interface Host extends Lifetime {
  id: number;
  name: string;
  environment: EnvironmentRef | null;
  node: { id: number; name: string; state: NodeState } | null;
  operating_system: string;
  kernel_version: string;
  architecture: string;
  cpus: number | null;
  memory_bytes: number | null;
  engine: string;
  engine_version: string;
  api_version: string;
  storage_driver: string;
  cgroup_version: string;
  is_rootless: boolean | null;
  remaps_users: boolean | null;
  swarm_state: string;
  containers_running: number;
  containers_total: number;
  images_total: number;
  load: Load;
  severity_counts: SeverityCounts;
  changed_at: string;
}

export interface HostDetail extends Host {
  document: unknown;
}

export interface Container extends Lifetime {
  id: number;
  name: string;
  engine_container_id: string;
  host: AssetRef;
  environment: EnvironmentRef | null;
  image: { id: number; name: string } | null;
  image_reference: string;
  status: string;
  user: string;
  privileged: boolean;
  network_mode: string;
  published: string[];
  project: string;
  created_at: string | null;
  started_at: string | null;
  load: Load;
  severity_counts: SeverityCounts;
  changed_at: string;
}

export interface ContainerDetail extends Container {
  document: unknown;
  settings: { name: string; value: unknown }[];
}

export interface Image extends Lifetime {
  id: number;
  name: string;
  digest: string;
  references: string[];
  repo_digests: string[];
  os: string;
  architecture: string;
  size_bytes: number;
  created_at: string | null;
  user: string;
  hosts: number;
  containers_running: number;
  load: Load;
  severity_counts: SeverityCounts;
}

export interface ImageDetail extends Image {
  document: unknown;
  /** Null when the engine did not tell it. */
  history: { created_by: string; created_at: string | null; size_bytes: number }[] | null;
  layers: string[];
  /** Each host that stores the image, with the references it knows the image by. */
  hosts_list: (AssetRef & { references?: string[] })[];
}

export type Requirements = Record<string, string[]>;

export interface Check {
  /** The check's stable name, such as `container_not_privileged`. */
  id: string;
  title: string;
  severity: Severity;
  asset_kind: AssetKind;
  rationale: string;
  remediation: string;
  evidence_source: string;
  requirements: Requirements;
  counts: Record<Outcome, number>;
  failing: number;
  applicable: number;
}

export interface CheckResult {
  id: number;
  check: string;
  title: string;
  severity: Severity;
  outcome: Outcome;
  asset: AssetRef;
  host: AssetRef | null;
  environment: EnvironmentRef | null;
  evidence: string[];
  requirements: Requirements;
  opened_at: string;
  closed_at: string | null;
}

export interface VulnerabilityRef {
  id: number;
  key: string;
  title: string;
  is_exploited: boolean;
  epss: number | null;
}

export interface PackageRef {
  id: number;
  ecosystem: string;
  name: string;
  version: string;
  architecture: string;
  distribution: string;
}

export interface FindingDeadline {
  at: string;
  state: "due" | "overdue" | "met" | "missed";
}

export interface Finding {
  id: number;
  kind: string;
  title: string;
  state: FindingState;
  severity: Severity;
  points: number;
  check: string | null;
  vulnerability: VulnerabilityRef | null;
  package: PackageRef | null;
  /** Whether the vulnerability's package was seen loaded in a running container; null for other kinds. */
  use: "seen" | "not_seen" | "not_measured" | null;
  /** Whether the tools that looked for it say the same; null for a check. */
  agreement: "agreed" | "disputed" | "single_source" | null;
  /** What is said of a fix; null for a check. */
  fix: string | null;
  fixed_versions: string[];
  asset: AssetRef;
  host: AssetRef | null;
  environment: EnvironmentRef | null;
  first_opened_at: string;
  opened_at: string;
  closed_at: string | null;
  times_opened: number;
  assignee: string | null;
  team: string | null;
  /** Null: no deadline, or what is decided, whose clock stands. */
  deadline: FindingDeadline | null;
}

export interface Factor {
  name: string;
  detail: string;
  factor: number;
}

export interface FindingDetail extends Finding {
  evidence: string[];
  rationale: string;
  remediation: string;
  requirements: Requirements;
  factors: Factor[];
  intervals: { opened_at: string; closed_at: string | null; evidence: string[] | string | null }[];
  words: Word[];
  statements: Statement[];
  use_evidence: UseEvidence | null;
  share: { of: AssetRef; load: number | null; share: number } | null;
  decision: FindingDecision | null;
  activity: FindingActivity[];
  /** Other findings of the same problem. */
  related: Count;
}

/** Where a package was seen loaded; or since when all that runs of its image is watched. */
export interface UseEvidence {
  since: string | null;
  container: AssetRef | null;
  path: string;
  watched_since: string | null;
}

/** What a VEX document says of a finding. */
export interface Statement {
  author: string;
  status: "not_affected" | "affected" | "fixed" | "under_investigation";
  justification: string;
  detail: string;
  action: string;
  product: string;
  stated_at: string | null;
}

/** What one tool that reported a finding says of it. */
export interface Word {
  tool: string;
  severity: Severity | null;
  status: string;
  fixed_versions: string[];
  since: string;
}

export interface FindingGroup {
  key: string;
  title: string;
  /** The worst in the group. */
  severity: string;
  findings: number;
  assets: number;
  assets_total: number | null;
  points_max: number;
}

export interface HistoryEntry {
  id: number;
  at: string;
  actor: { kind: "user" | "token" | "system"; id: number | null; name: string };
  verb: string;
  object: { kind: string; id: number | string | null; name: string };
  changes: Record<string, [unknown, unknown]>;
  ip: string | null;
  request_id: string | null;
  hash: string;
}

export interface Token {
  id: number;
  name: string;
  prefix: string;
  scope: "read" | "write";
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
  user: { id: number; username: string };
}

export interface SavedView {
  id: number;
  name: string;
  page: string;
  query: string;
  is_shared: boolean;
  owner: { id: number; username: string };
  created_at: string;
}

export interface User {
  id: number;
  username: string;
  email: string;
  role: Role;
  environments: EnvironmentRef[] | null;
  is_active: boolean;
  last_login_at: string | null;
}
