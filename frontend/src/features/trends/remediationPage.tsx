import { Stack } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { Link, useNavigate } from "react-router";
import { useItem } from "../../api/hooks";
import type { Annotations, BurnDown, Grouping, Remediation, Times } from "../../api/trends";
import { Chart } from "../../ui/chart/chart";
import { PageFrame, Panel, pageClasses } from "../../ui/page";
import { dateText, shareText, wholeText } from "../../ui/quantities";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { type TileFacts, Tiles } from "../../ui/tiles";
import { useCarry, useScope } from "../../url/scope";
import { Happened, marksOf } from "./happened";
import { bucketText, daysText, leftSeries, metSeries, shareMet, timeSeries } from "./remediationCharts";
import { useSpan } from "./span";
import classes from "./trends.module.css";

/** How long resolving takes, whether it is done in time, and what is left of what there was. */
export function RemediationPage() {
  const { environment, asOf } = useScope();
  const navigate = useNavigate();
  const to = useCarry();
  const { days, by, controls } = useSpan();
  const times = useItem<Remediation>("/remediation", { environment, ...days, by }, { keep: true });
  const left = useItem<BurnDown>("/burn-down", { environment, ...days }, { keep: true });
  const happened = useItem<Annotations>("/annotations", { environment, ...days }, { keep: true });
  const marks = useMemo(() => marksOf(happened.data), [happened.data]);
  const charts = useMemo(
    () => ({ left: leftSeries(left.data), met: metSeries(times.data), times: timeSeries(times.data) }),
    [left.data, times.data],
  );
  const leftDays = useMemo(() => left.data?.days.map((day) => day.day) ?? [], [left.data]);
  const toResolved = useCallback(
    () => navigate(to("/findings", { state: "resolved", ordering: "-closed_at" })),
    [navigate, to],
  );
  const told = times.data;
  const isEmpty = told && told.total.resolved === 0 && told.total.overdue === 0 && left.data?.beginning === 0;
  return (
    <PageFrame
      title="Remediation"
      says={`How long it took to resolve findings, whether that was in time, and what is left, in ${
        told?.environment ? told.environment.name : "all that you see"
      }${asOf ? ", until the end of that day" : ""}. The clock of a finding starts again when it comes back.`}
      actions={controls}
    >
      {times.error && <ProblemNote problem={times.error} retry={() => void times.refetch()} />}
      {left.error && <ProblemNote problem={left.error} retry={() => void left.refetch()} />}
      {!told && !times.error && <Loading what="what was resolved" rows={8} />}
      {told && isEmpty && (
        <Empty title="Nothing was resolved yet">
          Once findings are resolved, this shows how long they were open.
        </Empty>
      )}
      {told && !isEmpty && (
        <Stack gap="md">
          <Tiles label="Remediation" tiles={tilesOf(told.total, left.data, to)} />
          <Panel title={`By ${by}`}>
            <TimesTable told={told} by={by} />
          </Panel>
          {left.data && (
            <Panel>
              <Chart
                title="Burn-down"
                says={`what was on the worklist on ${dateText(left.data.begin)}, and what came since`}
                days={leftDays}
                series={charts.left}
                marks={marks}
              />
            </Panel>
          )}
          <div className={pageClasses.grid}>
            <Panel>
              <Chart
                title="Time to remediate"
                says="how many took how long"
                days={charts.times.steps}
                step="Time"
                series={charts.times.series}
                onPick={toResolved}
              />
            </Panel>
            <Panel>
              {charts.met.series.length > 0 ? (
                <Chart
                  title="Deadlines"
                  says="resolved in time, or too late"
                  days={charts.met.days}
                  series={charts.met.series}
                  marks={marks}
                  onPick={toResolved}
                />
              ) : (
                <Empty title="Nothing that was due was resolved">
                  Deadlines are set by environment, severity, exposure and threat, on the page of
                  environments.
                </Empty>
              )}
            </Panel>
          </div>
          {happened.data && <Happened told={happened.data} />}
        </Stack>
      )}
    </PageFrame>
  );
}

type Carry = ReturnType<typeof useCarry>;

function tilesOf(total: Times, left: BurnDown | undefined, to: Carry): TileFacts[] {
  const share = shareMet(total);
  return [
    {
      label: "Resolved",
      value: wholeText(total.resolved),
      detail: "each time counts",
      to: to("/findings", { state: "resolved", ordering: "-closed_at" }),
    },
    {
      label: "Half within",
      value: daysText(total.median_days),
      detail: `mean ${daysText(total.mean_days)}`,
    },
    { label: "Nine of ten within", value: daysText(total.p90_days) },
    {
      label: "Resolved in time",
      value: share === null ? "–" : shareText(share),
      detail: share === null ? "nothing was due" : `${wholeText(total.missed)} too late`,
    },
    {
      label: "Overdue",
      value: wholeText(total.overdue),
      detail: "on the worklist",
      to: to("/findings", { due: "overdue", ordering: "due_at" }),
    },
    {
      label: "Left",
      value: left ? wholeText(left.days.at(-1)?.left ?? 0) : "–",
      detail: left ? `of ${wholeText(left.beginning)}; ${paceText(left)}` : "",
    },
  ];
}

function paceText(left: BurnDown): string {
  if (left.beginning === 0) return "there was nothing";
  if (left.clear_on === null) return "no end at this pace";
  return left.days.at(-1)?.left === 0
    ? `none since ${dateText(left.clear_on)}`
    : `at this pace none on ${dateText(left.clear_on)}`;
}

/** What narrows the list of findings to a group; null where no filter does. */
function filterOf(by: Grouping, group: Remediation["groups"][number]): Record<string, string> | null {
  if (by === "team") return group.key === "none" ? null : { owner: `team:${group.name}` };
  return { [by]: group.key };
}

function TimesTable({ told, by }: { told: Remediation; by: Grouping }) {
  const to = useCarry();
  const number = pageClasses.number;
  return (
    <div className={pageClasses.frame}>
      <table className={pageClasses.table}>
        <thead>
          <tr>
            <th scope="col">{by.charAt(0).toUpperCase() + by.slice(1)}</th>
            <th scope="col" className={number}>
              Resolved
            </th>
            <th scope="col" className={number}>
              Median
            </th>
            <th scope="col" className={number}>
              Mean
            </th>
            <th scope="col" className={number}>
              Nine of ten
            </th>
            <th scope="col" className={classes.times}>
              Times
            </th>
            <th scope="col" className={number}>
              In time
            </th>
            <th scope="col" className={number}>
              Too late
            </th>
            <th scope="col" className={number}>
              Overdue
            </th>
          </tr>
        </thead>
        <tbody>
          {told.groups.map((group) => {
            const filter = filterOf(by, group);
            const share = shareMet(group);
            const overdue = wholeText(group.overdue);
            return (
              <tr key={group.key}>
                <td className={classes.name}>
                  {filter ? (
                    <Link to={to("/findings", { ...filter, state: "resolved", ordering: "-closed_at" })}>
                      {group.name}
                    </Link>
                  ) : (
                    group.name
                  )}
                </td>
                <td className={number}>{wholeText(group.resolved)}</td>
                <td className={number}>{daysText(group.median_days)}</td>
                <td className={number}>{daysText(group.mean_days)}</td>
                <td className={number}>{daysText(group.p90_days)}</td>
                <td className={classes.times}>
                  <Bars times={group} />
                </td>
                <td className={number}>
                  {share === null ? <span className="soft">–</span> : shareText(share)}
                </td>
                <td className={number}>{wholeText(group.missed)}</td>
                <td className={number}>
                  {filter && group.overdue > 0 ? (
                    <Link to={to("/findings", { ...filter, due: "overdue", ordering: "due_at" })}>
                      {overdue}
                    </Link>
                  ) : (
                    overdue
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The distribution of a group's times, small enough for a cell. */
function Bars({ times }: { times: Times }) {
  const most = Math.max(1, ...times.distribution.map((bucket) => bucket.resolved));
  return (
    <ul className={classes.bars} aria-label="Distribution of times">
      {times.distribution.map((bucket) => {
        const words = `${bucketText(bucket)}: ${wholeText(bucket.resolved)}`;
        return (
          <li
            key={bucket.from_days}
            title={words}
            style={{ height: `${Math.round((100 * bucket.resolved) / most)}%` }}
          >
            <span className="spoken">{words}</span>
          </li>
        );
      })}
    </ul>
  );
}
