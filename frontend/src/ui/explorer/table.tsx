import { Checkbox } from "@mantine/core";
import { type MouseEvent, useEffect, useRef } from "react";
import { Link } from "react-router";
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
  ordering: string;
  onOrder: (ordering: string) => void;
  active: number;
  opened: string | null;
  onOpen: (index: number) => void;
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
    props.onOpen(index);
  };

  return (
    <table className={`${classes.table} ${props.faded ? classes.faded : ""}`} aria-label={props.label}>
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
              {columns.map((column, place) => (
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
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
