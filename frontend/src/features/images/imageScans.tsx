import { Stack } from "@mantine/core";
import { useItem } from "../../api/hooks";
import type { Severity } from "../../api/types";
import type { ImageWord, Scan, WordCell } from "../../api/vulnerabilities";
import { AgreementChip } from "../../ui/agreement";
import { Chip } from "../../ui/chips";
import type { Column, ListDefinition } from "../../ui/explorer/definition";
import { Explorer } from "../../ui/explorer/explorer";
import { fixWord } from "../../ui/fix";
import { Moment } from "../../ui/moment";
import { Panel, pageClasses } from "../../ui/page";
import { FindingPanel } from "../../ui/panels/finding";
import { plural, wholeText } from "../../ui/quantities";
import { SeverityGlyph, severityWord } from "../../ui/severity";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import classes from "./images.module.css";

export type ScanWord = "done" | "partial" | "failed" | "waiting" | "running";

const STATES: Record<ScanWord, { tone: "good" | "warn" | "bad" | "plain"; word: string }> = {
  done: { tone: "good", word: "scanned" },
  partial: { tone: "warn", word: "partly read" },
  failed: { tone: "bad", word: "not scanned" },
  waiting: { tone: "plain", word: "waiting" },
  running: { tone: "plain", word: "running" },
};

/** What is newest of one tool: its own job where that has not gone well, else what it told. */
export function wordOf({ state, job }: Scan): ScanWord {
  if (job && job.state !== "done") return job.state;
  return state ?? "waiting";
}

export function ScanChip({ state }: { state: ScanWord }) {
  const { tone, word } = STATES[state];
  return <Chip tone={tone}>{word}</Chip>;
}

function ScanTable({ scans }: { scans: Scan[] }) {
  return (
    <Panel title="Who looked" aside="what each tool last told of this image">
      <div className={pageClasses.frame}>
        <table className={pageClasses.table} aria-label="Scans">
          <thead>
            <tr>
              <th scope="col">Tool</th>
              <th scope="col">State</th>
              <th scope="col">Format</th>
              <th scope="col">Looked</th>
              <th scope="col">Its data is of</th>
              <th scope="col" className={pageClasses.number}>
                Findings
              </th>
              <th scope="col" className={pageClasses.number}>
                Packages
              </th>
            </tr>
          </thead>
          <tbody>
            {scans.map((scan) => (
              <tr key={scan.tool}>
                <td>
                  {scan.tool} <span className="soft">{scan.tool_version}</span>
                </td>
                <td>
                  <ScanChip state={wordOf(scan)} />
                  {(scan.job?.reason || scan.reason) && (
                    <div className="soft">{scan.job?.reason || scan.reason}</div>
                  )}
                  {scan.job?.next_try_at && (
                    <div className="soft">
                      tried again <Moment at={scan.job.next_try_at} />
                    </div>
                  )}
                  {scan.skipped_total > 0 && (
                    <details>
                      <summary>{plural(scan.skipped_total, "part", "parts")} skipped</summary>
                      <ul className={classes.skipped}>
                        {scan.skipped.map(({ where, reason }) => (
                          <li key={`${where} ${reason}`}>
                            <code>{where}</code> {reason}
                          </li>
                        ))}
                      </ul>
                    </details>
                  )}
                </td>
                <td className="soft">{scan.format}</td>
                <td>
                  <Moment at={scan.told_at ?? scan.last_seen_at} />
                </td>
                <td>
                  <Moment at={scan.data_at} never="not told" />
                </td>
                <td className={pageClasses.number}>{wholeText(scan.findings)}</td>
                <td className={pageClasses.number}>
                  {scan.packages === null ? (
                    <span className="soft">lists none</span>
                  ) : (
                    wholeText(scan.packages)
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Cell({ cell }: { cell: WordCell | undefined }) {
  if (!cell || cell.says === "not_looked") return <span className="soft">did not look</span>;
  if (cell.says === "silent") return <Chip tone="warn">does not say so</Chip>;
  return (
    <span className={classes.word}>
      {cell.severity ? (
        <>
          <SeverityGlyph severity={cell.severity as Severity} /> {severityWord(cell.severity)}
        </>
      ) : (
        <span className="soft">no severity</span>
      )}
      <span className="soft">{cell.fixed_versions.join(", ") || fixWord(cell.status ?? "unknown")}</span>
    </span>
  );
}

/** A column for each tool: what it says of the row's vulnerability in the row's package. */
function wordList(id: string, tools: string[]): ListDefinition<ImageWord> {
  const columns: Column<ImageWord>[] = tools.map((tool) => ({
    id: `tool ${tool}`,
    label: tool,
    cell: (row) => <Cell cell={row.cells.find((cell) => cell.tool === tool)} />,
  }));
  return {
    path: `/images/${id}/words`,
    one: "vulnerability",
    many: "vulnerabilities of this image",
    id: (row) => String(row.id),
    name: (row) => `${row.vulnerability.key} in ${row.package.name}`,
    search: true,
    past: true,
    usualOrdering: "-differs",
    columns: [
      {
        id: "vulnerability",
        label: "Vulnerability",
        orderings: ["-points"],
        width: 240,
        cell: (row) => (
          <>
            <SeverityGlyph severity={row.severity} /> {row.vulnerability.key}{" "}
            <span className="soft">
              {row.package.name} {row.package.version}
            </span>
          </>
        ),
      },
      {
        id: "agreement",
        label: "Tools",
        orderings: ["-differs"],
        cell: (row) => <AgreementChip agreement={row.agreement} />,
      },
      ...columns,
    ],
    filters: [
      { name: "agreement", label: "Agreement" },
      { name: "severity", label: "Severity" },
    ],
    drawer: (finding) => <FindingPanel id={finding} row={undefined} />,
    nothing: {
      title: "No vulnerability is open in this image",
      words: "What looked for one is in the table above.",
    },
  };
}

/** Which tools looked at the image, and what each says of every vulnerability, side by side. */
export function ImageScans({ id }: { id: string }) {
  const query = useItem<Scan[]>(`/images/${id}/scans`);
  const scans = query.data;
  if (!scans) {
    return query.error ? (
      <ProblemNote problem={query.error} retry={() => void query.refetch()} />
    ) : (
      <Loading what="the scans" />
    );
  }
  if (scans.length === 0) {
    return (
      <Empty title="No scanner has told of this image">
        Its vulnerabilities are not measured, which is not the same as none. A report of Trivy, Grype or
        another tool comes in with <code>manage.py import FILE</code>.
      </Empty>
    );
  }
  return (
    <Stack gap="md">
      {query.error && <ProblemNote problem={query.error} retry={() => void query.refetch()} />}
      <ScanTable scans={scans} />
      <Explorer
        embedded
        definition={wordList(
          id,
          scans.map((scan) => scan.tool),
        )}
      />
    </Stack>
  );
}
