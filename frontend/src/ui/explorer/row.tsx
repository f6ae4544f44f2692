import { Checkbox } from "@mantine/core";
import { type MouseEvent, memo } from "react";
import { Link } from "react-router";
import type { Column } from "./definition";
import classes from "./explorer.module.css";
import matrix from "./matrix.module.css";

export interface RowProps<Row> {
  row: Row;
  index: number;
  id: string;
  name: string;
  columns: Column<Row>[];
  address: string;
  cellAddress: (row: Row, column: string) => string;
  active: boolean;
  opened: boolean;
  /** The narrow column that the drawer shows of this row. */
  openedCell: string | null;
  /** Null where rows cannot be selected. */
  selected: boolean | null;
  onSelect: (id: string, on: boolean) => void;
  onClick: (event: MouseEvent, index: number) => void;
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
    <td className={`${matrix.narrow} ${opened ? matrix.openedCell : ""}`} data-label={column.label}>
      <a href={address} tabIndex={-1} title={column.hint?.(row)} data-row-link="" data-cell={column.id}>
        {column.cell(row)}
      </a>
    </td>
  );
}

function PlainRow<Row>({ row, columns, id, selected, ...props }: RowProps<Row>) {
  const state = [
    props.active ? classes.active : "",
    props.opened ? classes.opened : "",
    selected ? classes.selected : "",
  ].join(" ");
  return (
    // Keyboard users reach the same through the link in the first cell, and through j, k and Enter.
    <tr
      className={state}
      aria-current={props.opened ? "true" : undefined}
      onClick={(event) => props.onClick(event, props.index)}
    >
      {selected !== null && (
        <td className={classes.tick}>
          <Checkbox
            size="xs"
            aria-label={`Select ${props.name}`}
            checked={selected}
            onChange={(event) => props.onSelect(id, event.currentTarget.checked)}
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
            opened={column.id === props.openedCell}
          />
        ) : (
          <td
            key={column.id}
            className={column.numeric ? classes.numeric : undefined}
            data-label={column.label}
            data-first={place === 0 ? "" : undefined}
          >
            {place === 0 ? (
              <Link to={props.address} className={classes.rowLink} data-row-link="">
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
}

/** One row. A walk through hundreds of them draws only those anew that it leaves and enters. */
export const ExplorerRow = memo(PlainRow) as typeof PlainRow;
