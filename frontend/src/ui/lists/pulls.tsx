import type { Pull } from "../../api/types";
import { PullChip, pullIsLive } from "../chips";
import type { ListDefinition } from "../explorer/definition";
import { Moment } from "../moment";
import { bytesText, durationText, wholeText, wordsOf } from "../quantities";

const TRIGGERS: Record<string, string> = {
  schedule: "the schedule",
  person: "a person",
  retry: "a retry",
  registration: "its registration",
};

export function triggerText(trigger: string): string {
  return TRIGGERS[trigger] ?? wordsOf(trigger);
}

export function countOf(pull: Pull, name: string): string {
  const value = pull.counts?.[name];
  return value === undefined || value === null ? "–" : wholeText(value);
}

export const PULL_LIST: ListDefinition<Pull> = {
  path: "/pulls",
  one: "pull",
  many: "pulls",
  id: (pull) => String(pull.id),
  name: (pull) => `pull ${pull.id} of ${pull.node.name}`,
  page: (pull) => `/pulls/${pull.id}`,
  search: true,
  past: false,
  usualOrdering: "-queued_at",
  columns: [
    { id: "node", label: "Node", width: 140, cell: (pull) => pull.node.name },
    { id: "state", label: "State", cell: (pull) => <PullChip state={pull.state} /> },
    {
      id: "step",
      label: "Step",
      cell: (pull) =>
        pull.state === "running" && pull.progress
          ? `${wordsOf(pull.progress.phase)} ${wholeText(pull.progress.done)}${
              pull.progress.total === null ? "" : ` of ${wholeText(pull.progress.total)}`
            }`
          : pull.error
            ? pull.error.title
            : pull.step
              ? wordsOf(pull.step)
              : "–",
    },
    {
      id: "queued",
      label: "Queued",
      orderings: ["-queued_at", "queued_at"],
      cell: (pull) => <Moment at={pull.queued_at} />,
    },
    {
      id: "duration",
      label: "Took",
      orderings: ["-duration_seconds"],
      numeric: true,
      cell: (pull) => durationText(pull.duration_seconds),
    },
    { id: "trigger", label: "Started by", cell: (pull) => triggerText(pull.trigger) },
    { id: "containers", label: "Containers", numeric: true, cell: (pull) => countOf(pull, "containers") },
    { id: "opened", label: "Opened", numeric: true, cell: (pull) => countOf(pull, "opened") },
    { id: "resolved", label: "Resolved", numeric: true, cell: (pull) => countOf(pull, "resolved") },
    {
      id: "skipped",
      label: "Skipped",
      numeric: true,
      usual: false,
      cell: (pull) => countOf(pull, "skipped"),
    },
    { id: "bytes", label: "Read", numeric: true, usual: false, cell: (pull) => bytesText(pull.bytes_read) },
    { id: "attempt", label: "Attempt", numeric: true, usual: false, cell: (pull) => pull.attempt },
    { id: "worker", label: "Worker", usual: false, cell: (pull) => pull.worker ?? "–" },
  ],
  filters: [
    { name: "state", label: "State" },
    { name: "trigger", label: "Started by", words: triggerText },
    { name: "node", label: "Node" },
    { name: "environment", label: "Environment" },
  ],
  refresh: (rows) => (rows.length === 0 || rows.some((pull) => pullIsLive(pull.state)) ? 2000 : 15_000),
  nothing: {
    title: "Nothing was pulled yet",
    words: "A pull starts when a node is registered and then on its schedule.",
  },
};
