import { apiPath, type Query } from "../api/client";

/** The command line that asks the API for exactly this view. The token is named, never shown. */
export function curlText(origin: string, path: string, query: Query): string {
  const address = `${origin}${apiPath(path, query)}`.replaceAll("'", "%27");
  return `curl -H "Authorization: Bearer $PLIMSOLL_TOKEN" '${address}'`;
}

/** Where the browser downloads exactly this view. */
export function exportPath(path: string, query: Query, format: "csv" | "jsonl"): string {
  const { limit: _limit, cursor: _cursor, ...rest } = query;
  return apiPath(`${path}/export`, { ...rest, format });
}
