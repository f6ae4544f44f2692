import type { ReactNode } from "react";
import type { Query } from "../../api/client";
import type { Count } from "../../api/types";

/** One column of a list. Columns are data: the explorer draws every list from them. */
export interface Column<Row> {
  id: string;
  label: string;
  cell: (row: Row) => ReactNode;
  /** The `ordering` values the server offers for this column; the first is what a first click asks for. */
  orderings?: string[];
  numeric?: boolean;
  /** Minimum width in pixels. */
  width?: number;
  /** Shown until the reader chooses otherwise. The first column is always shown. */
  usual?: boolean;
  /** As wide as a glyph: the header stands upright, and each cell opens the drawer at this column. */
  narrow?: boolean;
  /** The whole name where `label` is short, for the header's hover and for what reads the page out. */
  title?: string;
  /** What a narrow cell says on hover. */
  hint?: (row: Row) => string;
  /** Stands under the header and tells of all rows that match, also of those not shown yet. */
  summary?: (query: Query) => ReactNode;
}

export interface Filter {
  name: string;
  label: string;
  /** Words for a value that the facets do not name. */
  words?: (value: string) => string;
  /** Takes one value only: choosing another replaces it. */
  single?: boolean;
  /** The values to offer when the server counts none for this filter. */
  choices?: { value: string; label: string }[];
}

/** How many rows an action was asked for, and how many of them it changes. */
export interface BulkAnswer {
  matched: number;
  changed: number;
}

/** What an action is asked for: rows, or everything that matches the list's filters. */
export type Chosen<Row> = { rows: Row[] } | { filters: Record<string, string>; count: Count };

export interface BulkAction<Row> {
  label: string;
  /** Whether this action makes sense for a row; the others in the selection are left out. */
  fits?: (row: Row) => boolean;
  run?: (rows: Row[]) => Promise<string>;
  /** Asks for more first, and does it all itself: on these rows, or on all that match these filters. */
  ask?: (chosen: Chosen<Row>, close: (done: boolean) => void) => ReactNode;
  /** The same on everything that the list's filters match, also what is not shown yet. */
  matching?: {
    /** With `preview` nothing is changed: the answer says what would be. */
    run: (filters: Record<string, string>, preview: boolean) => Promise<BulkAnswer>;
    /** What the action is about to touch, for the question before it. */
    touches: (answer: BulkAnswer) => string;
    done: (answer: BulkAnswer) => string;
  };
}

/** Everything the explorer must know about one kind of list. */
export interface ListDefinition<Row> {
  /** The path under /api/v1, such as `/hosts`. */
  path: string;
  one: string;
  many: string;
  id: (row: Row) => string;
  name: (row: Row) => string;
  /** The row's own page, for Ctrl-click. Without it the drawer is all there is. */
  page?: (row: Row) => string | null;
  columns: Column<Row>[];
  filters: Filter[];
  /** What the server sorts by when nothing is asked. */
  usualOrdering: string;
  /** What the server filters by when nothing is asked, such as open findings. */
  usualFilters?: Record<string, string[]>;
  search: boolean;
  past: boolean;
  /** False for short lists that the server neither counts nor exports. */
  whole?: boolean;
  /** False for lists that the server keeps no views of. */
  savedViews?: boolean;
  drawer?: (id: string, row: Row | undefined) => ReactNode;
  /** Why there may be nothing at all, and what to do next. */
  nothing: { title: string; words: ReactNode; action?: ReactNode };
  refresh?: (rows: Row[]) => number | false;
}

/** The columns to show, in the definition's order, from the reader's choice. */
export function shownColumns<Row>(columns: Column<Row>[], chosen: string[] | null): Column<Row>[] {
  const known = chosen?.filter((id) => columns.some((column) => column.id === id));
  return columns.filter((column, index) => {
    if (index === 0) return true;
    return known && known.length > 0 ? known.includes(column.id) : column.usual !== false;
  });
}

/** The ordering after a click on a column's header: its offered orderings in turn. */
export function nextOrdering(orderings: string[], current: string): string {
  const index = orderings.indexOf(current);
  return orderings[(index + 1) % orderings.length] ?? current;
}

/** `aria-sort` of a header under the current ordering. */
export function sortDirection(orderings: string[] | undefined, current: string) {
  if (!orderings?.includes(current)) return undefined;
  return current.startsWith("-") ? ("descending" as const) : ("ascending" as const);
}

/** The query that the list, its facets, its export and the copied API call share. */
export function listQuery(given: {
  filters: Record<string, string[]>;
  fixed?: Record<string, string>;
  search: string;
  ordering: string | null;
  asOf: string | null;
  past: boolean;
}): Query {
  const query: Query = {};
  for (const [name, values] of Object.entries(given.filters)) query[name] = values;
  for (const [name, value] of Object.entries(given.fixed ?? {})) query[name] = value;
  if (given.search.trim()) query.search = given.search.trim();
  if (given.ordering) query.ordering = given.ordering;
  if (given.past && given.asOf) query.as_of = given.asOf;
  return query;
}

/** The filters without those that say what the list shows anyway, to keep addresses short. */
export function withoutUsual(
  filters: Record<string, string[]>,
  usual: Record<string, string[]> = {},
): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(filters).filter(([name, values]) => usual[name]?.join() !== values.join()),
  );
}
