import type { EnvironmentRef, Severity } from "./types";

export interface AffectedPackage {
  id: number;
  ecosystem: string;
  namespace: string;
  name: string;
  version: string;
  distribution: string;
  /** The nearest that mends it; empty when none is known. */
  fixed_version: string;
}

export interface AffectedAsset {
  id: number;
  name: string;
  /** Those that run. */
  containers: number;
}

/** Whether and where the fleet is affected. The lists are bounded, the numbers are not. */
export interface Affected {
  about: "vulnerability" | "package";
  /** False: neither a feed nor a tool tells of it, so the answer says nothing. */
  known: boolean;
  vulnerability: {
    id: number;
    key: string;
    title: string;
    severity: Severity | null;
    epss: number | null;
    exploited_since: string | null;
  } | null;
  advisories: number;
  /** The feeds of advisories on which the answer rests. */
  feeds: { name: string; last_success_at: string; data_at: string | null }[];
  packages_total: number;
  packages: AffectedPackage[];
  undecidable: (AffectedPackage & { reason: string })[];
  images_total: number;
  images: AffectedAsset[];
  containers_total: number;
  hosts_total: number;
  hosts: AffectedAsset[];
  environments: (EnvironmentRef & { hosts: number })[];
}
