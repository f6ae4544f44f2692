import type { FindingChange } from "../../api/decisions";
import { useChange } from "../../api/hooks";

/** Changes of findings, and the way back. */
export function useFindingChange() {
  const change = useChange<FindingChange>([
    "/findings",
    "/decisions",
    "/hosts",
    "/images",
    "/containers",
    "/vulnerabilities",
  ]);
  const undo = (made: FindingChange) =>
    change.mutateAsync({ method: "POST", path: `/finding-changes/${made.id}/undo` });
  return { change, undo };
}
