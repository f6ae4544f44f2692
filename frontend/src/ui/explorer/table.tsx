import { Checkbox } from "@mantine/core";
import { type MouseEvent, useEffect, useRef } from "react";
import { Link } from "react-router";
import type { Query } from "../../api/client";
import { type Column, nextOrdering, sortDirection } from "./definition";
import classes from "./explorer.module.css";

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
      <th scope="col" className={classes.narrow} title={column.title}>
        <span className={classes.upright}>{column.label}</span>
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

/** One cell of a narrow column. Keyboards reach what it opens through the row's drawer, so it is no stop of its own. */
function NarrowCell<Row>({
  column,
  row,
  address,
  opened,
}: {
  column: Column<Row>;
  row: Row;
  address: string;
  opened: boolean;
}) {
  return (
    <td className={`${classes.narrow} ${opened ? classes.openedCell : ""}`} data-label={column.label}>
      <a href={address} tabIndex={-1} title={column.hint?.(row)} data-row-link="" data-cell={column.id}>
        {column.cell(row)}
      </a>
    </td>
  );
}

/** A list as a table; on a narrow screen the same rows become cards. */
export function ExplorerTable<Row>(props: TableProps<Row>) {
  const { columns, rows, id, name, selected, active } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    if (active >= 0) body.current?.rows[active]?.scrollIntoView?.({ block: "nearest" });
  }, [active]);

  const onRowClick = (event: MouseEvent, index: number) => {
    const target = event.target as HTMLElement;
    const control = target.closest("a,button,input,label");
    if (control && !control.hasAttribute("data-row-link")) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) {
      if (!control) window.open(props.address(rows[index] as Row), "_blank", "noopener");
      return;
    }
    if (window.getSelection()?.toString()) return;
    event.preventDefault();
    props.onOpen(index, target.closest<HTMLElement>("[data-cell]")?.dataset.cell ?? null);
  };

  const kind = columns.some((column) => column.narrow) ? classes.matrix : "";
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
          <tr className={classes.summary}>
            {selected && <td />}
            {columns.map((column) => (
              <td key={column.id} className={column.narrow ? classes.narrow : undefined}>
                {column.summary?.(props.query)}
              </td>
            ))}
          </tr>
        )}
      </thead>
      <tbody ref={body}>
        {rows.map((row, index) => {
          const key = id(row);
          const state = [
            index === active ? classes.active : "",
            key === props.opened ? classes.opened : "",
            selected?.has(key) ? classes.selected : "",
          ].join(" ");
          return (
            // Keyboard users reach the same through the link in the first cell, and through j, k and Enter.
            <tr
              key={key}
              className={state}
              aria-current={key === props.opened ? "true" : undefined}
              onClick={(event) => onRowClick(event, index)}
            >
              {selected && (
                <td className={classes.tick}>
                  <Checkbox
                    size="xs"
                    aria-label={`Select ${name(row)}`}
                    checked={selected.has(key)}
                    onChange={(event) => props.onSelect(key, event.currentTarget.checked)}
                  />
                </td>
              )}
              {columns.map((column, place) =>
                column.narrow ? (
                  <NarrowCell
                    key={column.id}
                    column={column}
                    row={row}
                    address={props.cellAddress(row, column.id)}
                    opened={key === props.opened && column.id === props.openedCell}
                  />
                ) : (
                  <td
                    key={column.id}
                    className={column.numeric ? classes.numeric : undefined}
                    data-label={column.label}
                    data-first={place === 0 ? "" : undefined}
                  >
                    {place === 0 ? (
                      <Link to={props.address(row)} className={classes.rowLink} data-row-link="">
                        {column.cell(row)}
                      </Link>
                    ) : (
                      column.cell(row)
                    )}
                  </td>
                ),
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
