import type { PackageRef } from "../api/types";

/** `debian-12, amd64`: what a package is of, beside its name and version. */
export function packageOf({ ecosystem, architecture, distribution }: PackageRef): string {
  return [distribution || ecosystem, architecture].filter(Boolean).join(", ");
}

/** `openssl 3.0.1-1 (debian-12, amd64)`. */
export function packageText(of: PackageRef): string {
  return `${of.name} ${of.version} (${packageOf(of)})`;
}
