import { useCallback, useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import type { Decision } from "../../api/decisions";
import { useItem, useList } from "../../api/hooks";
import type { Actions, Changes, Trend } from "../../api/trends";
import type { Environment, Finding, Freshness } from "../../api/types";
import type { Vulnerability } from "../../api/vulnerabilities";
import { Chart } from "../../ui/chart/chart";
import { openByDay } from "../../ui/chart/openByDay";
import { LoadGauge } from "../../ui/loadGauge";
import { Moment } from "../../ui/moment";
import { PageFrame, Panel, pageClasses } from "../../ui/page";
import { countText, loadText, plural, shareText, wholeText } from "../../ui/quantities";
import { SeverityGlyph, SeverityTally } from "../../ui/severity";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { type TileFacts, Tiles } from "../../ui/tiles";
import { endOfDay } from "../../url/day";
import { pathOf } from "../../url/paths";
import { useCarry, useScope } from "../../url/scope";
import { visit } from "./lastVisit";
import classes from "./today.module.css";

const DAY = 86_400_000;

/** How many rows of a list match; a dash while it is not known. */
function useHowMany<Row>(path: string, query: Record<string, string>): string {
  const list = useList<Row>(path, { ...query, limit: 1 });
  const count = list.data?.pages[0]?.count;
  return count ? countText(count) : "–";
}

/**
 * The look of the morning: what floats above its line, what is new, what to do next, what is late, what is not seen. At a
 * past date: that morning, without what is known of the present alone.
 */
export function TodayPage() {
  const to = useCarry();
  const { environment, asOf } = useScope();
  const [visited] = useState(visit);
  const since = asOf ? new Date(new Date(asOf).getTime() - DAY) : visited;
  const scope: Record<string, string> = environment ? { environment } : {};
  const then: Record<string, string> = asOf ? { ...scope, as_of: asOf } : scope;
  const asked: Record<string, string> = asOf ? { as_of: asOf } : {};
  const freshness = useItem<Freshness>(asOf ? null : "/freshness");
  const changes = useItem<Changes>("/changes", {
    ...scope,
    from: `${since.toISOString().slice(0, 19)}Z`,
    to: asOf,
  });
  const overdue = useHowMany<Finding>("/findings", { ...then, due: "overdue" });
  const soon = useHowMany<Finding>("/findings", { ...then, due: "week" });
  const suspended = useHowMany<Decision>("/decisions", { ...asked, state: "suspended" });
  const waiting = useHowMany<Decision>("/decisions", { ...asked, state: "awaiting_approval" });
  const told = changes.data;
  const ofThePresent: TileFacts[] = [
    {
      label: "Stale or failing nodes",
      value: freshness.data ? wholeText(freshness.data.stale) : "–",
      detail: freshness.data
        ? `of ${plural(freshness.data.nodes, "node", "nodes")}, ${wholeText(freshness.data.failing)} failing`
        : "",
      to: to("/nodes", { state: "failing,degraded" }),
    },
  ];
  return (
    <PageFrame
      title="Today"
      says={
        <>
          What {asOf ? "floated" : "floats"} above its line, what to do next, and what {asOf ? "was" : "is"}{" "}
          new since <Moment at={since.toISOString()} />.{asOf && " Nodes are told of the present alone."}
        </>
      }
    >
      <Tiles
        label="The morning look"
        tiles={[
          {
            label: "New findings",
            value: told ? countText(told.opened.total) : "–",
            detail: told
              ? `${countText(told.reopened.total)} reopened, ${countText(told.resolved.total)} resolved`
              : "",
            to: to("/changes", { from: since.toISOString().slice(0, 10) }),
          },
          { label: "Overdue", value: overdue, to: to("/findings", { due: "overdue", ordering: "due_at" }) },
          {
            label: "Due within a week",
            value: soon,
            to: to("/findings", { due: "week", ordering: "due_at" }),
          },
          ...(asOf ? [] : ofThePresent),
          { label: "Decisions suspended", value: suspended, to: to("/decisions", { state: "suspended" }) },
          {
            label: "Decisions to agree to",
            value: waiting,
            to: to("/decisions", { state: "awaiting_approval" }),
          },
        ]}
      />
      <div className={classes.columns}>
        <div className={classes.column}>
          <Loads only={environment} />
          <NextActions scope={then} />
        </div>
        <div className={classes.column}>
          <Movement environment={environment} />
          <NewFindings changes={told} />
          <Exploited scope={then} />
        </div>
      </div>
      {changes.error && <ProblemNote problem={changes.error} retry={() => void changes.refetch()} />}
    </PageFrame>
  );
}

function Loads({ only }: { only: string | null }) {
  const { asOf } = useScope();
  const to = useCarry();
  const list = useList<Environment>("/environments", { limit: 50, as_of: asOf });
  const rows = (list.data?.pages.flatMap((page) => page.results) ?? [])
    .filter((row) => only === null || row.slug === only || String(row.id) === only)
    .sort((one, other) => (other.load.load ?? -1) / other.line - (one.load.load ?? -1) / one.line);
  return (
    <Panel title="Loads against their lines">
      {list.error && <ProblemNote problem={list.error} retry={() => void list.refetch()} />}
      {list.isPending ? (
        <Loading what="the loads" rows={4} />
      ) : rows.length === 0 ? (
        <Empty title="There is no environment yet">Register a node to see its load.</Empty>
      ) : (
        <div className={pageClasses.frame}>
          <table className={pageClasses.table}>
            <thead>
              <tr>
                <th scope="col">Environment</th>
                <th scope="col">Load</th>
                <th scope="col" className={pageClasses.number}>
                  Coverage
                </th>
                <th scope="col" className={pageClasses.number}>
                  Above the line
                </th>
                <th scope="col">On the worklist</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  <td>
                    <Link className={classes.name} to={to("/hosts", { environment: String(row.id) })}>
                      <strong>{row.name}</strong>
                    </Link>
                  </td>
                  <td>
                    <LoadGauge load={row.load} ledger={`/environments/${row.id}/ledger`} />
                  </td>
                  <td className={pageClasses.number}>{shareText(row.load.coverage)}</td>
                  <td className={pageClasses.number}>
                    <Link to={to("/hosts", { environment: String(row.id), above_line: "true" })}>
                      {wholeText(row.hosts_above_line)} of {wholeText(row.hosts)}
                    </Link>
                  </td>
                  <td>
                    <Link to={to("/findings", { environment: String(row.id) })} className={classes.plain}>
                      <SeverityTally counts={row.open_findings} />
                    </Link>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function NextActions({ scope }: { scope: Record<string, string> }) {
  const to = useCarry();
  const actions = useItem<Actions>("/actions", { ...scope, limit: 5 }, { keep: true });
  const rows = actions.data?.results ?? [];
  return (
    <Panel title="Next best actions" aside={<Link to={to("/actions")}>all</Link>}>
      {actions.error && <ProblemNote problem={actions.error} retry={() => void actions.refetch()} />}
      {actions.isPending ? (
        <Loading what="the fixes" rows={4} />
      ) : rows.length === 0 && !actions.error ? (
        <p className="soft">Nothing that loads a host has a fix.</p>
      ) : (
        <ol className={classes.list}>
          {rows.map((row) => (
            <li key={row.key}>
              <SeverityGlyph severity={row.severity} />{" "}
              <Link to={to("/findings", row.filters)}>{row.title}</Link>
              <div className="soft">
                {row.work}: the load falls by <strong>{loadText(row.fall)}</strong> to{" "}
                {loadText(row.load_after)}, {plural(row.findings, "finding", "findings")} less
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Movement({ environment }: { environment: string | null }) {
  const navigate = useNavigate();
  const { asOf } = useScope();
  const end = asOf ? new Date(asOf) : new Date();
  const from = new Date(end.getTime() - 30 * DAY).toISOString().slice(0, 10);
  const trend = useItem<Trend>(
    "/trends",
    { environment, from, to: end.toISOString().slice(0, 10) },
    { keep: true },
  );
  const days = useMemo(() => trend.data?.days ?? [], [trend.data]);
  const names = useMemo(() => days.map((day) => day.day), [days]);
  const series = useMemo(() => openByDay(days, "severity"), [days]);
  const pick = useCallback(
    (day: string) =>
      navigate(`/findings?as_of=${endOfDay(day)}${environment ? `&environment=${environment}` : ""}`),
    [navigate, environment],
  );
  return (
    <Panel>
      {trend.error && <ProblemNote problem={trend.error} retry={() => void trend.refetch()} />}
      {!trend.data && !trend.error && <Loading what="the last days" rows={5} />}
      {trend.data && (
        <Chart
          title="Open findings"
          says="on the worklist, 30 days"
          days={names}
          series={series}
          height={220}
          onPick={pick}
        />
      )}
    </Panel>
  );
}

function NewFindings({ changes }: { changes: Changes | undefined }) {
  const to = useCarry();
  const { asOf } = useScope();
  const rows = changes ? [...changes.opened.rows, ...changes.reopened.rows].slice(0, 6) : [];
  return (
    <Panel
      title={asOf ? "New on that day" : "New since your last visit"}
      aside={<Link to={to("/changes")}>all that changed</Link>}
    >
      {!changes ? (
        <Loading what="what is new" rows={3} />
      ) : rows.length === 0 ? (
        <p className="soft">Nothing opened.</p>
      ) : (
        <ul className={classes.list}>
          {rows.map((row) => (
            <li key={row.id}>
              {row.severity && <SeverityGlyph severity={row.severity} />}{" "}
              <Link to={to(pathOf("finding", row.id) ?? "/findings")}>{row.title}</Link>{" "}
              <span className="soft">on {row.asset.name}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Exploited({ scope }: { scope: Record<string, string> }) {
  const to = useCarry();
  const list = useList<Vulnerability>("/vulnerabilities", {
    ...scope,
    exploited: "true",
    ordering: "-exploited_since",
    limit: 5,
  });
  const rows = list.data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Panel
      title="Exploited, and here"
      aside={<Link to={to("/vulnerabilities", { exploited: "true" })}>all</Link>}
    >
      {list.error && <ProblemNote problem={list.error} retry={() => void list.refetch()} />}
      {list.isPending ? (
        <Loading what="exploited vulnerabilities" rows={3} />
      ) : rows.length === 0 ? (
        <p className="soft">No vulnerability that is known to be exploited touches what you see.</p>
      ) : (
        <ul className={classes.list}>
          {rows.map((row) => (
            <li key={row.id}>
              {row.severity && <SeverityGlyph severity={row.severity} />}{" "}
              <Link to={to(pathOf("vulnerability", row.id) ?? "/vulnerabilities")}>{row.key}</Link>{" "}
              {row.title}
              <div className="soft">
                {plural(row.images, "image", "images")}, exploited since{" "}
                <Moment at={row.exploited_since} never="unknown" />
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
