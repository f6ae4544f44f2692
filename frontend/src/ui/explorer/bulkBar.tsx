import { Button, CloseButton } from "@mantine/core";
import { useState } from "react";
import { useNotices } from "../notices";
import { plural } from "../quantities";
import type { BulkAction } from "./definition";
import classes from "./explorer.module.css";

/** What can be done with the selected rows. Each button says how many rows it will touch. */
export function BulkBar<Row>({
  rows,
  one,
  many,
  actions,
  onClear,
}: {
  rows: Row[];
  one: string;
  many: string;
  actions: BulkAction<Row>[];
  onClear: () => void;
}) {
  const notices = useNotices();
  const [busy, setBusy] = useState<string | null>(null);
  return (
    <section className={classes.bulk} aria-label="Actions on the selection">
      <strong>{plural(rows.length, one, many)} selected</strong>
      {actions.map((action) => {
        const fitting = action.fits ? rows.filter(action.fits) : rows;
        return (
          <Button
            key={action.label}
            loading={busy === action.label}
            disabled={fitting.length === 0 || busy !== null}
            onClick={async () => {
              setBusy(action.label);
              try {
                notices.done(await action.run(fitting));
                onClear();
              } catch (error) {
                notices.failed(action.label, error);
              } finally {
                setBusy(null);
              }
            }}
          >
            {action.label} ({fitting.length})
          </Button>
        );
      })}
      <CloseButton aria-label="Clear the selection" onClick={onClear} />
    </section>
  );
}
