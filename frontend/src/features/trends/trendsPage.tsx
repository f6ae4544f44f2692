import { Stack } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { useNavigate } from "react-router";
import { useItem } from "../../api/hooks";
import type { Annotations, Trend } from "../../api/trends";
import { Chart } from "../../ui/chart/chart";
import { openByDay } from "../../ui/chart/openByDay";
import { PageFrame, Panel, pageClasses } from "../../ui/page";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { endOfDay } from "../../url/day";
import { useScope } from "../../url/scope";
import { Happened, marksOf } from "./happened";
import { useSpan } from "./span";
import { coverageSeries, decidedSeries, loadSeries, movedSeries } from "./trendCharts";

/** How findings and loads moved, day by day. A click on a day opens its rows as they were at its end. */
export function TrendsPage() {
  const { environment, asOf } = useScope();
  const navigate = useNavigate();
  const { days: span, by, controls } = useSpan();
  const trend = useItem<Trend>("/trends", { environment, ...span, by }, { keep: true });
  const happened = useItem<Annotations>("/annotations", { environment, ...span }, { keep: true });
  const marks = useMemo(() => marksOf(happened.data), [happened.data]);
  const days = useMemo(() => trend.data?.days ?? [], [trend.data]);
  const names = useMemo(() => days.map((day) => day.day), [days]);
  const charts = useMemo(
    () => ({
      open: openByDay(days, by),
      moved: movedSeries(days),
      load: loadSeries(days),
      coverage: coverageSeries(days),
      decided: decidedSeries(days),
    }),
    [days, by],
  );
  const open = useCallback(
    (path: string) => (day: string) => {
      const end = endOfDay(day);
      const asOf = new Date(end) < new Date() ? `as_of=${end}` : "";
      const where = environment ? `environment=${environment}` : "";
      navigate(`${path}?${[where, asOf].filter(Boolean).join("&")}`);
    },
    [environment, navigate],
  );
  const toFindings = useMemo(() => open("/findings"), [open]);
  const toHosts = useMemo(() => open("/hosts"), [open]);
  const isEmpty = trend.data && days.every((day) => day.open === null && day.load === null);
  return (
    <PageFrame
      title="Trends"
      says={`Findings and loads by day (UTC), in ${
        trend.data?.environment ? trend.data.environment.name : "the whole fleet"
      }${asOf ? ", until the end of that day" : ""}. A click on a day opens what was there at its end.`}
      actions={controls}
    >
      {trend.error && <ProblemNote problem={trend.error} retry={() => void trend.refetch()} />}
      {!trend.data && !trend.error && <Loading what="the days" rows={8} />}
      {isEmpty && (
        <Empty title="No day was counted yet">
          Days are counted every few minutes once there are findings, also those that are past.
        </Empty>
      )}
      {trend.data && !isEmpty && (
        <Stack gap="md">
          <Panel>
            <Chart
              title="Open findings"
              says={`on the worklist at the end of each day, by ${by}`}
              days={names}
              series={charts.open}
              marks={marks}
              onPick={toFindings}
            />
          </Panel>
          <div className={pageClasses.grid}>
            <Panel>
              <Chart
                title="Opened and resolved"
                says="each day"
                days={names}
                series={charts.moved}
                onPick={toFindings}
              />
            </Panel>
            <Panel>
              <Chart
                title="Load"
                says="the power mean of the hosts', against the line"
                days={names}
                series={charts.load}
                marks={marks}
                onPick={toHosts}
              />
            </Panel>
            <Panel>
              <Chart
                title="Coverage"
                says="and hosts above the line"
                days={names}
                series={charts.coverage}
                unit=" %"
                onPick={toHosts}
              />
            </Panel>
            <Panel>
              <Chart
                title="Decided"
                says="open, and hidden by a decision"
                days={names}
                series={charts.decided}
                marks={marks}
                onPick={toFindings}
              />
            </Panel>
          </div>
          {happened.data && <Happened told={happened.data} />}
        </Stack>
      )}
    </PageFrame>
  );
}
