import { Tooltip } from "@mantine/core";
import { Link } from "react-router";
import { useItem } from "../../api/hooks";
import type { Ledger, LedgerLine } from "../../api/ledger";
import { useCarry, useScope } from "../../url/scope";
import { AssetLink } from "../assetLink";
import { Chip } from "../chips";
import { DeadlineText } from "../decisions/deadlineText";
import { Panel, pageClasses } from "../page";
import { loadText, shareText, wholeText } from "../quantities";
import { SeverityGlyph } from "../severity";
import { Empty, Loading, ProblemNote } from "../states";
import { FactorList } from "./factors";

/** What is said of the line's finding: a risk that was accepted, a deadline that is over. */
function LineMarks({ line }: { line: LedgerLine }) {
  const { is_accepted: isAccepted, deadline } = line.finding;
  return (
    <>
      {isAccepted && (
        <>
          {" "}
          <Chip tone="decided">accepted risk</Chip>
        </>
      )}
      {deadline?.state === "overdue" && (
        <>
          {" "}
          <DeadlineText deadline={deadline} />
        </>
      )}
    </>
  );
}

/** Every line that a load is the sum of, worst first, and the evidence that is missing. */
export function LedgerPanel({ path, short = false }: { path: string; short?: boolean }) {
  const { asOf } = useScope();
  const to = useCarry();
  const ledger = useItem<Ledger>(path, { as_of: asOf });
  if (!ledger.data) {
    return ledger.error ? (
      <ProblemNote problem={ledger.error} retry={() => void ledger.refetch()} />
    ) : (
      <Loading what="the ledger" rows={4} />
    );
  }
  const { load, lines, missing, coverage, band, formula } = ledger.data;
  const shown = short ? lines.slice(0, 5) : lines;
  const total = Math.max(ledger.data.lines_total, lines.length);
  return (
    <Panel
      title={short ? "What loads it most" : "Ledger"}
      aside={
        short
          ? undefined
          : `the lines add up to the load · formula ${formula} · coverage ${shareText(coverage)}${
              band !== null && load !== null && band > load ? ` · could be ${loadText(band)}` : ""
            }`
      }
    >
      {lines.length === 0 ? (
        load === null ? (
          <Empty title="Not measured yet">The next pull of its node measures it.</Empty>
        ) : (
          <Empty title="Nothing loads it">No finding is open here.</Empty>
        )
      ) : (
        <div className={pageClasses.frame}>
          <table className={pageClasses.table}>
            <thead>
              <tr>
                <th scope="col">Finding</th>
                {!short && <th scope="col">On</th>}
                <th scope="col" className={pageClasses.number}>
                  Points
                </th>
                <th scope="col" className={pageClasses.number}>
                  Share of load
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((line) => (
                <tr key={`${line.finding.id}-${line.asset.kind}-${line.asset.id}`}>
                  <td>
                    <SeverityGlyph severity={line.finding.severity} />{" "}
                    <Link to={to("/findings", { state: "open,resolved", open: String(line.finding.id) })}>
                      {line.finding.title}
                    </Link>
                    <LineMarks line={line} />
                    {short && (
                      <div>
                        <AssetLink asset={line.asset} />
                      </div>
                    )}
                  </td>
                  {!short && (
                    <td>
                      <AssetLink asset={line.asset} />
                    </td>
                  )}
                  <td className={pageClasses.number}>
                    <Tooltip
                      label={<FactorList factors={line.factors} />}
                      disabled={line.factors.length === 0}
                    >
                      <span tabIndex={line.factors.length > 0 ? 0 : undefined}>{loadText(line.points)}</span>
                    </Tooltip>
                  </td>
                  <td className={pageClasses.number}>
                    {loadText(line.share)}{" "}
                    <span className="soft">({shareText(load ? line.share / load : 0)})</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {total > shown.length && (
        <p className="soft">
          {wholeText(shown.length)} of {wholeText(total)} lines, the worst first.
        </p>
      )}
      {!short && missing === null && (
        <p className="soft">Of what was missing in the past only its share is kept, as coverage.</p>
      )}
      {!short && missing && missing.length > 0 && (
        <>
          <h2>Missing evidence</h2>
          <ul>
            {missing.map((entry) => (
              <li key={entry.evidence}>
                <strong>{entry.evidence}</strong>: {entry.why}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}
