import { Button, CloseButton } from "@mantine/core";
import { useState } from "react";
import { type Query, queryValues } from "../../api/client";
import type { Count } from "../../api/types";
import { Confirm } from "../confirm";
import { useNotices } from "../notices";
import { countText, plural } from "../quantities";
import type { BulkAction, BulkAnswer, Chosen } from "./definition";
import classes from "./explorer.module.css";

/** An action on all that match, after the server said what it would touch. */
interface Previewed<Row> {
  action: BulkAction<Row>;
  filters: Record<string, string>;
  answer: BulkAnswer;
}

/**
 * What can be done with the selected rows. Each button says how many rows it will touch. When every row shown is
 * selected and more match (`matching`), the selection can be widened to all of them: then the server is asked
 * first what the action would touch, and the person once whether to do it.
 */
export function BulkBar<Row>({
  rows,
  one,
  many,
  actions,
  query,
  matching,
  onClear,
}: {
  rows: Row[];
  one: string;
  many: string;
  actions: BulkAction<Row>[];
  query: Query;
  matching: Count | null;
  onClear: () => void;
}) {
  const notices = useNotices();
  const [busy, setBusy] = useState<string | null>(null);
  const [widened, setWidened] = useState(false);
  const [previewed, setPreviewed] = useState<Previewed<Row> | null>(null);
  const [asked, setAsked] = useState<{ action: BulkAction<Row>; chosen: Chosen<Row> } | null>(null);
  const all = widened && matching !== null;

  const act = async (action: BulkAction<Row>, fitting: Row[]) => {
    if (action.ask) {
      const filters = queryValues({ ...query, ordering: undefined, as_of: undefined });
      setAsked({ action, chosen: all && matching ? { filters, count: matching } : { rows: fitting } });
      return;
    }
    setBusy(action.label);
    try {
      if (all && action.matching) {
        const filters = queryValues({ ...query, ordering: undefined, as_of: undefined });
        setPreviewed({ action, filters, answer: await action.matching.run(filters, true) });
      } else {
        if (action.run) notices.done(await action.run(fitting));
        onClear();
      }
    } catch (error) {
      notices.failed(action.label, error);
    } finally {
      setBusy(null);
    }
  };

  return (
    <section className={classes.bulk} aria-label="Actions on the selection">
      <strong aria-live="polite">
        {all && matching
          ? `All ${countText(matching)} ${many} that match are selected`
          : `${plural(rows.length, one, many)} selected`}
      </strong>
      {matching && actions.some((action) => action.matching || action.ask) && (
        <Button variant="default" onClick={() => setWidened(!widened)}>
          {all ? `Only the ${rows.length} shown` : `Select all ${countText(matching)} that match`}
        </Button>
      )}
      {actions
        .filter((action) => !all || action.matching || action.ask)
        .map((action) => {
          const fitting = action.fits ? rows.filter(action.fits) : rows;
          return (
            <Button
              key={action.label}
              loading={busy === action.label}
              disabled={(!all && fitting.length === 0) || busy !== null}
              onClick={() => void act(action, fitting)}
            >
              {all || action.ask ? `${action.label} …` : `${action.label} (${fitting.length})`}
            </Button>
          );
        })}
      {asked?.action.ask?.(asked.chosen, (done) => {
        setAsked(null);
        if (done) onClear();
      })}
      <CloseButton aria-label="Clear the selection" onClick={onClear} />
      <Confirm
        opened={previewed !== null}
        title={previewed ? `${previewed.action.label}: all ${many} that match` : ""}
        verb={previewed?.action.label ?? ""}
        disabled={previewed?.answer.changed === 0}
        onClose={() => setPreviewed(null)}
        onConfirm={async () => {
          if (!previewed?.action.matching) return;
          const answer = await previewed.action.matching.run(previewed.filters, false);
          notices.done(previewed.action.matching.done(answer));
          onClear();
        }}
      >
        {previewed && (
          <>
            <p>
              {plural(previewed.answer.matched, one, many)}{" "}
              {previewed.answer.matched === 1 ? "matches" : "match"} the filters of this list.
            </p>
            <p>{previewed.action.matching?.touches(previewed.answer)}</p>
          </>
        )}
      </Confirm>
    </section>
  );
}
