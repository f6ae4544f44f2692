import { Stack } from "@mantine/core";
import { Link } from "react-router";
import { useItem } from "../../api/hooks";
import type { Count, Finding, FindingDetail, Statement, UseEvidence, Word } from "../../api/types";
import { pathOf } from "../../url/paths";
import { useCarry, useScope } from "../../url/scope";
import { AgreementChip } from "../agreement";
import { AssetLink, EnvironmentName } from "../assetLink";
import { Activity, DecisionNote, FindingWork } from "../decisions/findingWork";
import { FindingStateChip } from "../decisions/stateChip";
import { FixText } from "../fix";
import { Moment } from "../moment";
import { packageText } from "../packageText";
import { type Fact, Facts, pageClasses } from "../page";
import { absoluteText, chanceText, countText, loadText, shareText, wordsOf } from "../quantities";
import { SeverityGlyph, severityWord } from "../severity";
import { Loading, ProblemNote } from "../states";
import { EvidenceLines } from "./evidence";
import { factorText } from "./factors";
import classes from "./panels.module.css";
import { RequirementChips } from "./requirements";

/** One finding: why it matters here, what was seen, what to do, and when it was open. */
export function FindingPanel({ id, row }: { id: string; row: Finding | undefined }) {
  const { asOf } = useScope();
  const to = useCarry();
  const item = useItem<FindingDetail>(`/findings/${id}`, { as_of: asOf });
  const finding: Finding | undefined = item.data ?? row;
  if (!finding) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the finding" />;
  const detail = item.data;
  return (
    <Stack gap="lg">
      <div className={classes.block}>
        <div className={classes.title}>
          <SeverityGlyph severity={finding.severity} size={15} />
          <h1>{finding.title}</h1>
        </div>
        <ul className={classes.chips}>
          <li>
            <FindingStateChip state={finding.state} />
          </li>
          <li className={classes.chip}>{severityWord(finding.severity)}</li>
          <li className={classes.chip}>{wordsOf(finding.kind)}</li>
          {finding.agreement && (
            <li>
              <AgreementChip agreement={finding.agreement} />
            </li>
          )}
          {finding.times_opened > 1 && <li className={classes.chip}>opened {finding.times_opened} times</li>}
        </ul>
      </div>
      <Facts
        facts={[
          ["On", <AssetLink key="asset" asset={finding.asset} />],
          ["Host", <AssetLink key="host" asset={finding.host} />],
          ["Environment", <EnvironmentName key="environment" environment={finding.environment} />],
          ["Open since", <Moment key="opened" at={finding.opened_at} />],
          ["Owner", ownerText(finding)],
          ...(finding.deadline ? [deadlineFact(finding.deadline)] : []),
          ...(finding.closed_at
            ? ([["Resolved", <Moment key="closed" at={finding.closed_at} />]] as [string, React.ReactNode][])
            : []),
          ...aboutWhat(finding, detail?.related, to),
          ...(finding.use ? [inUse(finding.use, detail?.use_evidence ?? null)] : []),
        ]}
      />
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      {!detail && !item.error && <Loading what="the details" rows={4} />}
      {detail && (
        <>
          <DecisionNote finding={detail} />
          {!asOf && <FindingWork finding={detail} />}
          <section className={classes.block}>
            <h2>
              Why it matters here: {loadText(detail.points)} points
              {detail.share && (
                <>
                  , {loadText(detail.share.share)} of the load of <AssetLink asset={detail.share.of} />
                </>
              )}
            </h2>
            {detail.rationale && <p className={classes.prose}>{detail.rationale}</p>}
            {detail.factors.length > 0 && (
              <table className={pageClasses.table} aria-label="Factors behind the points">
                <tbody>
                  {detail.factors.map((factor, index) => (
                    <tr key={`${factor.name} ${factor.detail}`}>
                      <td>
                        {wordsOf(factor.name)}
                        {factor.detail && <span className="soft">: {factor.detail}</span>}
                      </td>
                      <td className={pageClasses.number}>{factorText(factor.factor, index)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </section>
          {detail.words.length > 0 && <Words words={detail.words} />}
          {detail.statements.length > 0 && <Statements statements={detail.statements} />}
          {(detail.evidence.length > 0 || detail.words.length === 0) && (
            <section className={classes.block}>
              <h2>Evidence</h2>
              <EvidenceLines lines={detail.evidence} />
            </section>
          )}
          <section className={classes.block}>
            <h2>What to do</h2>
            <p className={classes.prose}>
              {detail.remediation || "No advice is recorded for this kind of finding."}
            </p>
            {detail.share && (detail.share.load ?? 0) > 0 && (
              <p className="soft">
                This finding is {shareText(detail.share.share / (detail.share.load ?? 1))} of the load of{" "}
                {detail.share.of.name}.
              </p>
            )}
          </section>
          <section className={classes.block}>
            <h2>Speaks to</h2>
            <RequirementChips requirements={detail.requirements} />
          </section>
          <section className={classes.block}>
            <h2>Activity</h2>
            <Activity rows={detail.activity} />
          </section>
          <section className={classes.block}>
            <h2>When it was open</h2>
            <table className={pageClasses.table}>
              <thead>
                <tr>
                  <th scope="col">Opened</th>
                  <th scope="col">Resolved</th>
                </tr>
              </thead>
              <tbody>
                {detail.intervals.map((interval) => (
                  <tr key={interval.opened_at}>
                    <td>{absoluteText(interval.opened_at)}</td>
                    <td>{interval.closed_at ? absoluteText(interval.closed_at) : "still open"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </Stack>
  );
}

function ownerText(finding: Finding): string {
  return [finding.team && `team ${finding.team}`, finding.assignee].filter(Boolean).join(", ") || "nobody";
}

function deadlineFact({ at, state }: NonNullable<Finding["deadline"]>): Fact {
  const words = { due: "Due", overdue: "Overdue since", met: "Was due", missed: "Was due" }[state];
  return [
    words,
    <span key="deadline">
      <Moment at={at} />
      {state === "met" && ", resolved in time"}
      {state === "missed" && ", resolved late"}
    </span>,
  ];
}

/** The check that failed, or the vulnerability and the package that has it. */
function aboutWhat(finding: Finding, related: Count | undefined, to: ReturnType<typeof useCarry>): Fact[] {
  const { vulnerability } = finding;
  if (vulnerability) {
    const facts: Fact[] = [
      [
        "Vulnerability",
        <Link key="vulnerability" to={to(pathOf("vulnerability", vulnerability.id) ?? "/vulnerabilities")}>
          {vulnerability.key}
        </Link>,
      ],
      [
        "Package",
        finding.package && (
          <Link key="package" to={to(pathOf("package", finding.package.id) ?? "/packages")}>
            {packageText(finding.package)}
          </Link>
        ),
      ],
      ["Fix", <FixText key="fix" fix={finding.fix} versions={finding.fixed_versions} />],
      [
        "Everywhere",
        <Link key="everywhere" to={to("/findings", { vulnerability: vulnerability.key })}>
          {related && related.value > 0 ? `${countText(related)} more on the worklist` : "all findings of it"}
        </Link>,
      ],
    ];
    if (vulnerability.is_exploited) facts.push(["Exploited", "known to be (CISA)"]);
    if (vulnerability.epss !== null) facts.push(["EPSS", chanceText(vulnerability.epss)]);
    return facts;
  }
  const path = finding.check ? pathOf("check", finding.check) : null;
  return [
    [
      "Check",
      path ? (
        <Link key="check" to={to(path)}>
          {finding.check}
        </Link>
      ) : null,
    ],
  ];
}

/** Whether the package runs: where it was seen, or since when nothing was. */
function inUse(use: NonNullable<Finding["use"]>, evidence: UseEvidence | null): Fact {
  if (use === "seen") {
    return [
      "In use",
      <>
        yes{evidence?.path && <>, by {evidence.path}</>}
        {evidence?.container && (
          <>
            {" "}
            in <AssetLink asset={evidence.container} />
          </>
        )}
        {evidence?.since && (
          <>
            , known since <Moment at={evidence.since} />
          </>
        )}
      </>,
    ];
  }
  if (use === "not_measured") return ["In use", "not measured"];
  return [
    "In use",
    <>
      not seen
      {evidence?.watched_since && (
        <>
          , watched since <Moment at={evidence.watched_since} />
        </>
      )}
    </>,
  ];
}

/** What VEX documents say of it. That it is not affected hides it, below what people decide. */
function Statements({ statements }: { statements: Statement[] }) {
  return (
    <section className={classes.block}>
      <h2>VEX statements</h2>
      <table className={pageClasses.table} aria-label="VEX statements">
        <thead>
          <tr>
            <th scope="col">Author</th>
            <th scope="col">Says</th>
            <th scope="col">Stated</th>
          </tr>
        </thead>
        <tbody>
          {statements.map((one) => (
            <tr key={`${one.author} ${one.product}`}>
              <td>{one.author}</td>
              <td>
                {wordsOf(one.status)}
                {[wordsOf(one.justification), one.detail, one.action].filter(Boolean).map((text) => (
                  <div key={text} className="soft">
                    {text}
                  </div>
                ))}
              </td>
              <td>
                <Moment at={one.stated_at} never="not told" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** What each tool says, where they differ too. */
function Words({ words }: { words: Word[] }) {
  return (
    <section className={classes.block}>
      <h2>Reported by</h2>
      <table className={pageClasses.table} aria-label="Reported by">
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <th scope="col">Severity</th>
            <th scope="col">Fix</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {words.map((word) => (
            <tr key={word.tool}>
              <td>{word.tool}</td>
              <td>
                {word.severity ? severityWord(word.severity) : <span className="soft">none given</span>}
              </td>
              <td>
                <FixText fix={word.status} versions={word.fixed_versions} />
              </td>
              <td>
                <Moment at={word.since} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
