/** The shapes of vulnerabilities, packages and what is inside an image. */

import type { Count, EnvironmentRef, PackageRef, Severity, SeverityCounts, VulnerabilityRef } from "./types";

export type Agreement = "agreed" | "disputed" | "single_source";
export type FixedIn = "all" | "some" | "none";

export interface Score {
  source: string;
  /** Of CVSS. */
  version: string;
  vector: string;
  score: number | null;
}

export interface Vulnerability {
  id: number;
  /** The CVE, where it has one. */
  key: string;
  aliases: string[];
  title: string;
  /** The worst of its open findings; null when none is open. */
  severity: Severity | null;
  severities: { source: string; severity: string }[];
  scores: Score[];
  epss: number | null;
  epss_percentile: number | null;
  exploited_since: string | null;
  fix_due_at: string | null;
  is_used_by_ransomware: boolean;
  fixed_in: FixedIn;
  fixed_versions: string[];
  findings: number;
  severity_counts: SeverityCounts;
  agreement: Record<Agreement, number>;
  /** Open findings; of the others nothing is measured. */
  in_use: { seen: Count; not_seen: Count };
  images: number;
  hosts: Count;
  containers_running: Count;
  environments: EnvironmentRef[];
  ecosystems: string[];
  published_at: string | null;
  first_seen_at: string;
}

export interface AffectedPackage extends PackageRef {
  fix: string;
  fixed_versions: string[];
  severity: string;
  images: Count;
}

export interface VulnerabilityDetail extends Vulnerability {
  description: string;
  weaknesses: string[];
  references: string[];
  modified_at: string | null;
  withdrawn_at: string | null;
  packages: AffectedPackage[];
  packages_are_all: boolean;
  affected_environments: { environment: EnvironmentRef; images: number; findings: number }[];
  timeline: { at: string; what: string; detail: string }[];
}

export interface Package extends PackageRef {
  namespace: string;
  source_name: string;
  source_version: string;
  images: Count;
  findings: Count;
  severity: Severity | null;
  first_seen_at: string;
}

export interface PackageDetail extends Package {
  url: string;
  vulnerabilities: {
    vulnerability: VulnerabilityRef;
    severity: string;
    fix: string;
    fixed_versions: string[];
    images: number;
  }[];
  versions: (PackageRef & { images: Count; severity: Severity | null })[];
}

export interface ImageLayer {
  /** From 0, the lowest; -1 for what no layer is known for. */
  place: number;
  digest: string;
  created_by: string | null;
  created_at: string | null;
  size_bytes: number | null;
  packages: number;
  severity_counts: SeverityCounts;
}

export interface ImageBuild {
  layers: ImageLayer[];
  base: {
    id: number;
    name: string;
    digest: string;
    layers: number;
    packages: number;
    closes: SeverityCounts;
  } | null;
  user: string;
  has_healthcheck: boolean;
  created_at: string | null;
  is_configuration_known: boolean;
  secrets: string[];
  /** Null when no tool listed any. */
  packages: number | null;
}

export interface ImagePackage extends PackageRef {
  source_name: string;
  source_version: string;
  layer: number;
  tools: string[];
  severity: Severity | null;
  severity_counts: SeverityCounts;
}

export interface WordCell {
  tool: string;
  says: "affected" | "silent" | "not_looked";
  severity: string | null;
  status: string | null;
  fixed_versions: string[];
}

export interface ImageWord {
  /** Of the finding. */
  id: number;
  vulnerability: VulnerabilityRef;
  package: PackageRef;
  severity: Severity;
  agreement: Agreement;
  fix: string;
  cells: WordCell[];
}

/** One of our own tools and an image: where it stands, and if it failed why, and when it is tried again. */
export interface ScanJob {
  state: "waiting" | "running" | "done" | "failed";
  code: string;
  reason: string;
  attempts: number;
  next_try_at: string | null;
}

export interface Scan {
  tool: string;
  tool_version: string;
  format: string;
  /** null: the tool told nothing yet. */
  state: "done" | "partial" | "failed" | null;
  reason: string;
  told_at: string | null;
  data_at: string | null;
  first_seen_at: string | null;
  last_seen_at: string | null;
  job: ScanJob | null;
  findings: number;
  packages: number | null;
  skipped: { where: string; reason: string }[];
  skipped_total: number;
}
