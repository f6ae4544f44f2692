import type { Finding } from "../../api/types";
import { ChangeDialog, type ChangeVerb, type Selection } from "../../ui/decisions/changeDialog";
import { isDecided } from "../../ui/decisions/words";
import type { BulkAction, Chosen } from "../../ui/explorer/definition";

function selectionOf(chosen: Chosen<Finding>): Selection {
  return "rows" in chosen ? { ids: chosen.rows.map((row) => row.id) } : { filters: chosen.filters };
}

function action(label: string, verb: ChangeVerb, fits?: (row: Finding) => boolean): BulkAction<Finding> {
  return {
    label,
    fits,
    ask: (chosen, close) => <ChangeDialog verb={verb} selection={selectionOf(chosen)} onClose={close} />,
  };
}

const isIdle = (row: Finding) => row.state === "open" || row.state === "reopened";
const canBeDecided = (row: Finding) =>
  row.state !== "resolved" && row.state !== "awaiting_approval" && !isDecided(row.state);

/** What can be done with many findings at once. */
export function findingActions(can: (permission: string) => boolean): BulkAction<Finding>[] {
  if (!can("findings.work")) return [];
  return [
    action("Start work", "start", isIdle),
    action("Stop work", "stop", (row) => row.state === "in_progress"),
    ...(can("decisions.make") ? [action("Decide", "decide", canBeDecided)] : []),
    action("Assign", "assign"),
    action("Comment", "comment"),
  ];
}
