import { Button, Drawer as SideSheet } from "@mantine/core";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import type { Query } from "../../api/client";
import { useFacets, useList } from "../../api/hooks";
import { useCarry, useScope } from "../../url/scope";
import { useView } from "../../url/useView";
import { addressText, ENVIRONMENT, writeView } from "../../url/view";
import { countText } from "../quantities";
import { ScrollFrame } from "../scrollFrame";
import { Empty, Loading, ProblemNote } from "../states";
import { BulkBar } from "./bulkBar";
import { type BulkAction, type ListDefinition, listQuery, shownColumns, withoutUsual } from "./definition";
import { Drawer } from "./drawer";
import classes from "./explorer.module.css";
import { Facets } from "./facets";
import { ExplorerTable } from "./table";
import { Toolbar } from "./toolbar";
import { useColumnChoice } from "./useColumnChoice";
import { useRowKeys } from "./useRowKeys";

export interface ExplorerProps<Row> {
  definition: ListDefinition<Row>;
  /** Filters that the page sets and the reader cannot change, such as the host on a host's page. */
  fixed?: Record<string, string>;
  /** Inside a detail page: no facets, its own height. */
  embedded?: boolean;
  bulk?: BulkAction<Row>[];
  toolbarExtra?: ReactNode;
  /** Shown in the place of the table, such as the grouped view. */
  instead?: (query: Query) => ReactNode;
  /**
   * The path that `instead` asks with the filters of the list, and what more it asks for. The copied API call then
   * asks the same, and columns and export, which are the table's, are not offered.
   */
  asks?: { path: string; more?: Query };
}

/** Every list of the product: facets, search, chips, columns, export, table, drawer. All its state is the address. */
export function Explorer<Row>({
  definition,
  fixed,
  embedded = false,
  bulk,
  toolbarExtra,
  instead,
  asks,
}: ExplorerProps<Row>) {
  const whole = definition.whole !== false;
  // On a detail page the thing itself is the scope; the environment in the address is only carried along.
  const names = useMemo(
    () =>
      definition.filters
        .map((filter) => filter.name)
        .filter((name) => !(name in (fixed ?? {})) && !(embedded && name === ENVIRONMENT)),
    [definition, fixed, embedded],
  );
  const { view, change } = useView(names);
  const { asOf } = useScope();
  const location = useLocation();
  const navigate = useNavigate();
  const to = useCarry();
  const query = useMemo(
    () =>
      listQuery({
        filters: view.filters,
        fixed,
        search: view.search,
        ordering: view.ordering,
        asOf,
        past: definition.past,
      }),
    [view.filters, view.search, view.ordering, fixed, asOf, definition.past],
  );
  const list = useList<Row>(definition.path, query, { refresh: definition.refresh, enabled: !instead });
  const facets = useFacets(definition.path, { ...query, ordering: undefined }, !embedded && whole);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.results) ?? [], [list.data]);
  const count = list.data?.pages[0]?.count;
  const known = facets.data?.facets ?? [];

  const putColumns = useCallback((columns: string[] | null) => change({ columns }, true), [change]);
  const [chosen, choose] = useColumnChoice(definition.path, view.columns, putColumns);
  const choice = chosen?.join();
  const columns = useMemo(
    () => shownColumns(definition.columns, choice ? choice.split(",") : null),
    [definition, choice],
  );
  const ordering = view.ordering ?? definition.usualOrdering;

  const [active, setActive] = useState(-1);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const [sheet, setSheet] = useState(false);
  const searchField = useRef<HTMLInputElement>(null);
  const asked = JSON.stringify(query);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question is another set of rows
  useEffect(() => {
    setActive(-1);
    setSelected(new Set());
  }, [asked]);

  const openIndex = view.open === null ? -1 : rows.findIndex((row) => definition.id(row) === view.open);
  const pageOf = useCallback(
    (row: Row) => {
      const page = definition.page?.(row);
      return page ? to(page) : null;
    },
    [definition, to],
  );
  const openAt = useCallback(
    (index: number, cell?: string | null) => {
      const row = rows[index];
      if (!row) return;
      setActive(index);
      if (definition.drawer) {
        // A walk through the rows stays at its cell.
        const at = cell === undefined ? {} : { cell };
        change({ open: definition.id(row), ...at }, view.open !== null);
      } else {
        const page = pageOf(row);
        if (page) navigate(page);
      }
    },
    [rows, definition, change, view.open, pageOf, navigate],
  );
  const step = (by: 1 | -1) => {
    const from = openIndex >= 0 ? openIndex : active;
    const next = Math.max(0, Math.min(rows.length - 1, from + by));
    if (next !== from) openAt(next);
  };
  const walk = (index: number) => {
    if (view.open !== null) {
      const from = openIndex >= 0 ? openIndex : active;
      openAt(Math.max(0, Math.min(rows.length - 1, from + (index > active ? 1 : index < active ? -1 : 0))));
    } else setActive(index);
  };
  const toggleSelected = (id: string, on: boolean) =>
    setSelected((before) => {
      const after = new Set(before);
      if (on) after.add(id);
      else after.delete(id);
      return after;
    });
  const close = () => {
    if (view.open !== null) change({ open: null }, true);
  };
  useRowKeys(
    {
      count: rows.length,
      active: view.open !== null && openIndex >= 0 ? openIndex : active,
      setActive: walk,
      open: (index) => openAt(index),
      select: (index) => {
        const row = rows[index];
        if (row && bulk) toggleSelected(definition.id(row), !selected.has(definition.id(row)));
      },
      close,
      focusSearch: () => searchField.current?.focus(),
    },
    !instead,
  );

  const filtered = Object.keys(view.filters).length > 0 || view.search !== "";
  const clear = () => change({ filters: {}, search: "", open: null });
  const facetList = (
    <Facets
      facets={known}
      filters={{ ...definition.usualFilters, ...view.filters }}
      definitions={definition.filters}
      hidden={Object.keys(fixed ?? {})}
      onChange={(filters) => change({ filters: withoutUsual(filters, definition.usualFilters), open: null })}
    />
  );
  const selectedRows = rows.filter((row) => selected.has(definition.id(row)));
  const openRow = openIndex >= 0 ? rows[openIndex] : undefined;
  const addressOf = (row: Row) =>
    pageOf(row) ??
    addressText(writeView(new URLSearchParams(location.search), { open: definition.id(row) }, names));
  // Put together by hand: a matrix asks for thousands of these.
  const closed = useMemo(
    () => addressText(writeView(new URLSearchParams(location.search), { open: null }, names)),
    [location.search, names],
  );
  const cellAddress = useCallback(
    (row: Row, cell: string) =>
      `${closed ? `${closed}&` : "?"}open=${encodeURIComponent(definition.id(row))}&cell=${encodeURIComponent(cell)}`,
    [closed, definition],
  );

  return (
    <div className={`${classes.explorer} ${embedded ? classes.embedded : ""}`}>
      {!embedded && whole && (
        <section className={classes.facets} aria-label="Filters">
          {facets.isPending ? <Loading what="counts" rows={6} /> : facetList}
          {facets.isError && !facets.data && (
            <p className="soft">The counts could not be read. The list itself is not affected.</p>
          )}
        </section>
      )}
      <section className={classes.main} aria-label={`List of ${definition.many}`}>
        <Toolbar
          definition={definition}
          view={view}
          facets={known}
          query={asks ? { ...query, ordering: undefined, ...asks.more } : query}
          path={asks?.path ?? definition.path}
          chosenColumns={chosen}
          chooseColumns={choose}
          onChange={change}
          searchField={searchField}
          extra={toolbarExtra}
          showFacets={embedded || !whole ? undefined : () => setSheet(true)}
          exportable={whole && !asks}
          columnsOffered={!asks}
          savedViewsOf={embedded || definition.savedViews === false ? undefined : definition.path.slice(1)}
        />
        {list.error && !instead && (
          <div className={classes.problem}>
            <ProblemNote problem={list.error} retry={() => void list.refetch()} />
          </div>
        )}
        {instead ? (
          instead(query)
        ) : list.isPending ? (
          <Loading what={definition.many} />
        ) : rows.length > 0 ? (
          <>
            <ScrollFrame className={classes.frame} label={`Table of ${definition.many}`}>
              <ExplorerTable
                label={definition.many}
                columns={columns}
                rows={rows}
                id={definition.id}
                name={definition.name}
                address={addressOf}
                cellAddress={cellAddress}
                query={query}
                ordering={ordering}
                onOrder={(next) => change({ ordering: next === definition.usualOrdering ? null : next })}
                active={active}
                opened={view.open}
                openedCell={view.cell}
                onOpen={openAt}
                selected={bulk && bulk.length > 0 ? selected : null}
                onSelect={toggleSelected}
                onSelectAll={(on) => setSelected(on ? new Set(rows.map(definition.id)) : new Set())}
                faded={list.isPlaceholderData}
              />
            </ScrollFrame>
            <div className={classes.foot}>
              <span className="soft" aria-live="polite">
                {count && `${countText({ value: Math.max(count.value, rows.length), exact: count.exact })} `}
                {count?.value === 1 ? definition.one : definition.many}
                {count && rows.length < count.value ? `, ${rows.length} shown` : ""}
              </span>
              {list.hasNextPage && (
                <Button
                  variant="default"
                  loading={list.isFetchingNextPage}
                  onClick={() => void list.fetchNextPage()}
                >
                  Load more
                </Button>
              )}
            </div>
          </>
        ) : !list.error ? (
          filtered ? (
            <Empty
              title={`No ${definition.one} matches these filters`}
              action={
                <Button variant="default" onClick={clear}>
                  Clear filters
                </Button>
              }
            >
              There may be {definition.many} outside them.
            </Empty>
          ) : (
            <Empty title={definition.nothing.title} action={definition.nothing.action}>
              {asOf && definition.past
                ? "Nothing was known at the date you are looking at."
                : definition.nothing.words}
            </Empty>
          )
        ) : null}
        {bulk && selectedRows.length > 0 && (
          <BulkBar
            rows={selectedRows}
            one={definition.one}
            many={definition.many}
            actions={bulk}
            query={query}
            matching={
              count && list.hasNextPage && selectedRows.length === rows.length && !list.isPlaceholderData
                ? count
                : null
            }
            onClear={() => setSelected(new Set())}
          />
        )}
      </section>
      {view.open !== null && definition.drawer && (
        <Drawer
          label={definition.one}
          page={openRow ? pageOf(openRow) : null}
          onClose={close}
          onStep={rows.length > 1 && !instead ? step : null}
        >
          {definition.drawer(view.open, openRow)}
        </Drawer>
      )}
      {!embedded && (
        <SideSheet
          opened={sheet}
          onClose={() => setSheet(false)}
          title={`Filter ${definition.many}`}
          size="sm"
          closeButtonProps={{ "aria-label": "Close the filters" }}
        >
          {facetList}
        </SideSheet>
      )}
    </div>
  );
}
