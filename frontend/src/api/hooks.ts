import {
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { type Method, type Query, request } from "./client";
import { asProblem, type Problem } from "./problem";
import type { Facet, Page } from "./types";

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // An answer is an answer; only a missing one is worth asking for again.
        retry: (count, error) => asProblem(error).status === 0 && count < 2,
      },
    },
  });
}

/** The collection that a path belongs to: `/hosts` for `/hosts/12/ledger`. Changes invalidate by it. */
export function collectionOf(path: string): string {
  return `/${path.split("/")[1] ?? ""}`;
}

export function cursorOf(next: string | null): string | undefined {
  if (!next) return undefined;
  return new URL(next, "http://localhost").searchParams.get("cursor") ?? undefined;
}

/** A list by keyset pages. `refresh` gives the milliseconds between refetches for the rows that are there. */
export function useList<Row>(
  path: string,
  query: Query,
  options: { enabled?: boolean; refresh?: (rows: Row[]) => number | false } = {},
) {
  return useInfiniteQuery<Page<Row>, Problem, { pages: Page<Row>[] }, unknown[], string | undefined>({
    queryKey: [collectionOf(path), "list", path, query],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Row>>("GET", path, { query: { ...query, cursor: pageParam }, signal }),
    initialPageParam: undefined,
    getNextPageParam: (page) => cursorOf(page.next),
    placeholderData: keepPreviousData,
    enabled: options.enabled ?? true,
    refetchInterval: options.refresh
      ? (state) => options.refresh?.(state.state.data?.pages.flatMap((page) => page.results) ?? []) ?? false
      : false,
  });
}

export function useItem<Item>(
  path: string | null,
  query: Query = {},
  options: { refresh?: (item: Item | undefined) => number | false; keep?: boolean } = {},
) {
  return useQuery<Item, Problem>({
    queryKey: [collectionOf(path ?? ""), "item", path, query],
    queryFn: ({ signal }) => request<Item>("GET", path ?? "", { query, signal }),
    enabled: path !== null,
    placeholderData: options.keep ? keepPreviousData : undefined,
    refetchInterval: options.refresh ? (state) => options.refresh?.(state.state.data) ?? false : false,
  });
}

/** The counts beside a list, each made without its own filter. */
export function useFacets(path: string, query: Query, enabled = true) {
  return useQuery<{ facets: Facet[] }, Problem>({
    queryKey: [collectionOf(path), "facets", path, query],
    queryFn: ({ signal }) => request<{ facets: Facet[] }>("GET", `${path}/facets`, { query, signal }),
    placeholderData: keepPreviousData,
    enabled,
  });
}

export interface Change {
  method: Method;
  path: string;
  body?: unknown;
}

/** Sends a change and refetches what it may have touched: its own collection and those named, but not what it deleted. */
export function useChange<Answer = unknown>(alsoTouches: string[] = []) {
  const client = useQueryClient();
  return useMutation<Answer, Problem, Change>({
    mutationFn: ({ method, path, body }) => request<Answer>(method, path, { body }),
    onSettled: (_answer, error, { method, path }) => {
      const isGone = (asked: unknown) =>
        method === "DELETE" && !error && (asked === path || String(asked).startsWith(`${path}/`));
      return Promise.all(
        [collectionOf(path), ...alsoTouches].map((name) =>
          client.invalidateQueries({ queryKey: [name], predicate: ({ queryKey }) => !isGone(queryKey[2]) }),
        ),
      );
    },
  });
}
