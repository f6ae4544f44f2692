import { Checkbox } from "@mantine/core";
import { type MouseEvent, useCallback, useEffect, useRef } from "react";
import type { Query } from "../../api/client";
import { type Column, nextOrdering, sortDirection } from "./definition";
import classes from "./explorer.module.css";
import matrix from "./matrix.module.css";
import { ExplorerRow } from "./row";

export interface TableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  id: (row: Row) => string;
  name: (row: Row) => string;
  /** The address of the row's page, or of the drawer where it has none. */
  address: (row: Row) => string;
  /** The address of the drawer at one narrow cell of a row. */
  cellAddress: (row: Row, column: string) => string;
  /** What the list asked for, for the summaries under the headers. */
  query: Query;
  ordering: string;
  onOrder: (ordering: string) => void;
  active: number;
  opened: string | null;
  openedCell: string | null;
  onOpen: (index: number, cell: string | null) => void;
  selected: Set<string> | null;
  onSelect: (id: string, on: boolean) => void;
  onSelectAll: (on: boolean) => void;
  faded: boolean;
}

function Header<Row>({
  column,
  ordering,
  onOrder,
}: { column: Column<Row> } & Pick<TableProps<Row>, "ordering" | "onOrder">) {
  const direction = sortDirection(column.orderings, ordering);
  const style = column.width ? { minWidth: column.width } : undefined;
  if (column.narrow) {
    return (
      <th scope="col" className={matrix.narrow} title={column.title}>
        <span className={matrix.upright}>{column.label}</span>
      </th>
    );
  }
  return (
    <th
      scope="col"
      aria-sort={direction}
      className={column.numeric ? classes.numeric : undefined}
      style={style}
    >
      {column.orderings ? (
        <button
          type="button"
          className={classes.sort}
          onClick={() => onOrder(nextOrdering(column.orderings ?? [], ordering))}
        >
          {column.label}
          <span aria-hidden="true" className={classes.arrow}>
            {direction === "descending" ? "▼" : direction === "ascending" ? "▲" : "↕"}
          </span>
        </button>
      ) : (
        column.label
      )}
    </th>
  );
}

/** A list as a table; on a narrow screen the same rows become cards. */
export function ExplorerTable<Row>(props: TableProps<Row>) {
  const { columns, rows, id, name, selected, active } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    if (active >= 0) body.current?.rows[active]?.scrollIntoView?.({ block: "nearest" });
  }, [active]);

  const latest = useRef(props);
  latest.current = props;
  const onSelect = useCallback((id: string, on: boolean) => latest.current.onSelect(id, on), []);
  const onRowClick = useCallback((event: MouseEvent, index: number) => {
    const { rows, address, onOpen } = latest.current;
    const target = event.target as HTMLElement;
    const control = target.closest("a,button,input,label");
    if (control && !control.hasAttribute("data-row-link")) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) {
      if (!control) window.open(address(rows[index] as Row), "_blank", "noopener");
      return;
    }
    if (window.getSelection()?.toString()) return;
    event.preventDefault();
    onOpen(index, target.closest<HTMLElement>("[data-cell]")?.dataset.cell ?? null);
  }, []);

  const kind = columns.some((column) => column.narrow) ? matrix.matrix : "";
  return (
    <table
      className={`${classes.table} ${kind} ${props.faded ? classes.faded : ""}`}
      aria-label={props.label}
    >
      <thead>
        <tr>
          {selected && (
            <th scope="col" className={classes.tick}>
              <Checkbox
                size="xs"
                aria-label="Select all rows shown"
                checked={rows.length > 0 && rows.every((row) => selected.has(id(row)))}
                indeterminate={selected.size > 0 && !rows.every((row) => selected.has(id(row)))}
                onChange={(event) => props.onSelectAll(event.currentTarget.checked)}
              />
            </th>
          )}
          {columns.map((column) => (
            <Header key={column.id} column={column} ordering={props.ordering} onOrder={props.onOrder} />
          ))}
        </tr>
        {columns.some((column) => column.summary) && (
          <tr className={matrix.summary}>
            {selected && <td />}
            {columns.map((column) => (
              <td key={column.id} className={column.narrow ? matrix.narrow : undefined}>
                {column.summary?.(props.query)}
              </td>
            ))}
          </tr>
        )}
      </thead>
      <tbody ref={body}>
        {rows.map((row, index) => {
          const key = id(row);
          const opened = key === props.opened;
          return (
            <ExplorerRow
              key={key}
              row={row}
              index={index}
              id={key}
              name={name(row)}
              columns={columns}
              address={props.address(row)}
              cellAddress={props.cellAddress}
              active={index === active}
              opened={opened}
              openedCell={opened ? props.openedCell : null}
              selected={selected?.has(key) ?? null}
              onSelect={onSelect}
              onClick={onRowClick}
            />
          );
        })}
      </tbody>
    </table>
  );
}
