import { Stack } from "@mantine/core";
import { useItem } from "../../api/hooks";
import type { HistoryEntry } from "../../api/types";
import type { ListDefinition } from "../explorer/definition";
import { Moment } from "../moment";
import { Facts, pageClasses } from "../page";
import { settingText } from "../panels/evidence";
import { absoluteText, wordsOf } from "../quantities";
import { Loading, ProblemNote } from "../states";

function verbWords(verb: string): string {
  return wordsOf(verb.replaceAll(".", " "));
}

/** What a change did, in one line: `line: 100 → 120`. */
export function changesText(changes: HistoryEntry["changes"]): string {
  return Object.entries(changes ?? {})
    .map(([field, pair]) => `${wordsOf(field)}: ${settingText(pair?.[0])} → ${settingText(pair?.[1])}`)
    .join(" · ");
}

function HistoryPanel({ id, row }: { id: string; row: HistoryEntry | undefined }) {
  const item = useItem<HistoryEntry>(row ? null : `/history/${id}`);
  const entry = row ?? item.data;
  if (!entry) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the entry" />;
  const changes = Object.entries(entry.changes ?? {});
  return (
    <Stack gap="lg">
      <h1>{verbWords(entry.verb)}</h1>
      <Facts
        facts={[
          ["When", absoluteText(entry.at)],
          ["Who", `${entry.actor.name} (${entry.actor.kind})`],
          ["What", `${entry.object.kind} ${entry.object.name}`],
          ["From address", entry.ip],
          ["Request", entry.request_id],
        ]}
      />
      {changes.length > 0 && (
        <table className={pageClasses.table}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(([field, pair]) => (
              <tr key={field}>
                <td>{wordsOf(field)}</td>
                <td>{settingText(pair?.[0])}</td>
                <td>{settingText(pair?.[1])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Facts facts={[["Chained hash", <code key="hash">{entry.hash}</code>]]} />
    </Stack>
  );
}

export const HISTORY_LIST: ListDefinition<HistoryEntry> = {
  path: "/history",
  one: "entry",
  many: "entries",
  id: (entry) => String(entry.id),
  name: (entry) => `${entry.verb} by ${entry.actor.name}`,
  search: false,
  past: false,
  usualOrdering: "-at",
  columns: [
    { id: "verb", label: "What happened", width: 150, cell: (entry) => verbWords(entry.verb) },
    { id: "object", label: "To", cell: (entry) => `${entry.object.kind} ${entry.object.name}` },
    { id: "actor", label: "Who", cell: (entry) => entry.actor.name },
    { id: "at", label: "When", orderings: ["-at"], cell: (entry) => <Moment at={entry.at} /> },
    {
      id: "changes",
      label: "Change",
      cell: (entry) => <span className="soft">{changesText(entry.changes) || "–"}</span>,
    },
    { id: "ip", label: "From address", usual: false, cell: (entry) => entry.ip ?? "–" },
  ],
  filters: [
    { name: "verb", label: "What happened", words: verbWords },
    { name: "actor", label: "Who" },
    { name: "object_kind", label: "Kind" },
    { name: "object_id", label: "Object" },
    { name: "since", label: "Since" },
    { name: "until", label: "Until" },
  ],
  drawer: (id, row) => <HistoryPanel id={id} row={row} />,
  nothing: {
    title: "Nothing was changed here yet",
    words: "Every change that a person or a token makes is written down here.",
  },
};
