import type { AssetRef } from "../api/types";

const COLLECTIONS: Record<string, string> = {
  host: "/hosts",
  container: "/containers",
  image: "/images",
  node: "/nodes",
  vulnerability: "/vulnerabilities",
  package: "/packages",
  check: "/checks",
  pull: "/pulls",
  environment: "/environments",
};

/** The page of one thing, or null for kinds that have none. */
export function pathOf(kind: string, id: number | string): string | null {
  if (kind === "finding") return `/findings?hidden=include&open=${id}`;
  const collection = COLLECTIONS[kind];
  return collection ? `${collection}/${id}` : null;
}

export function assetPath(asset: AssetRef): string | null {
  return pathOf(asset.kind, asset.id);
}

/** Whether a page can show a past moment. The others always show the present, and say so. */
export function showsPast(pathname: string): boolean {
  return /^\/(today|actions|hosts|containers|images|defences|findings|affected|check-results|environments|trends|remediation|decisions|checks|vulnerabilities|packages)(\/|$)/.test(
    pathname,
  );
}
