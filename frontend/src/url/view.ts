/** What a list shows, as it stands in the address bar. The only view state there is. */
export interface View {
  /** Chosen values by filter name. A name that is absent is not filtered. */
  filters: Record<string, string[]>;
  search: string;
  ordering: string | null;
  /** The row whose drawer is open. */
  open: string | null;
  /** The column of the open row whose cell is looked at. It goes when the drawer does. */
  cell: string | null;
  columns: string[] | null;
  group: string | null;
}

export const AS_OF = "as_of";
export const ENVIRONMENT = "environment";

/** The values in one parameter. A comma inside a value is written with a backslash before it, as the API does. */
export function splitValues(text: string): string[] {
  return [...new Set(text.split(/(?<!\\),/).filter((value) => value !== ""))];
}

/** Reads the view of a list with these filters. Unknown names in the address are left alone. */
export function readView(params: URLSearchParams, filterNames: readonly string[]): View {
  const filters: Record<string, string[]> = {};
  for (const name of filterNames) {
    const values = splitValues(params.get(name) ?? "");
    if (values.length > 0) filters[name] = values;
  }
  const columns = (params.get("columns") ?? "").split(",").filter(Boolean);
  return {
    filters,
    search: params.get("search") ?? "",
    ordering: params.get("ordering"),
    open: params.get("open"),
    cell: params.get("cell"),
    columns: columns.length > 0 ? columns : null,
    group: params.get("group"),
  };
}

/** The address after a change of the view. Names that the view does not own stay as they are. */
export function writeView(params: URLSearchParams, change: Partial<View>, filterNames: readonly string[]) {
  const next = new URLSearchParams(params);
  const put = (name: string, value: string | null | undefined) => {
    if (value) next.set(name, value);
    else next.delete(name);
  };
  if (change.filters) for (const name of filterNames) put(name, change.filters[name]?.join(","));
  if ("search" in change) put("search", change.search);
  if ("ordering" in change) put("ordering", change.ordering);
  if ("open" in change) put("open", change.open);
  if ("cell" in change) put("cell", change.cell);
  if (!next.has("open")) next.delete("cell");
  if ("columns" in change) put("columns", change.columns?.join(","));
  if ("group" in change) put("group", change.group);
  return next;
}

/** A filter with one value switched on or off. A filter that takes one value has it replaced. */
export function toggled(
  filters: View["filters"],
  name: string,
  value: string,
  single = false,
): View["filters"] {
  const before = filters[name] ?? [];
  const kept = single ? [] : before;
  const after = before.includes(value) ? before.filter((known) => known !== value) : [...kept, value];
  const next = { ...filters };
  if (after.length > 0) next[name] = after;
  else delete next[name];
  return next;
}

/**
 * What a saved view keeps of an address, without the question mark: all but the open row, and the columns shown
 * even where the reader chose them before and the address does not say so.
 */
export function viewQuery(search: string, columns: string[] | null): string {
  const params = new URLSearchParams(search);
  params.delete("open");
  params.delete("cell");
  if (columns) params.set("columns", columns.join(","));
  return addressText(params).slice(1);
}

/** The address with readable commas and colons, as people send it to each other. */
export function addressText(params: URLSearchParams): string {
  const text = params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}
