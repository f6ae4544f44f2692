import { Button, Checkbox } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useChange, useItem } from "../../api/hooks";
import type { Action, Actions, WhatIf } from "../../api/trends";
import { PageFrame, Panel, pageClasses } from "../../ui/page";
import { loadText, plural, wholeText } from "../../ui/quantities";
import { SeverityGlyph } from "../../ui/severity";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { useCarry, useScope } from "../../url/scope";
import { FallBar } from "./fallBar";
import { WhatIfPanel } from "./whatIfPanel";

/** The fixes that lower the load most for one unit of work, and what several of them would do together. */
export function ActionsPage() {
  const { environment, asOf } = useScope();
  const to = useCarry();
  const actions = useItem<Actions>("/actions", { environment, limit: 50, as_of: asOf }, { keep: true });
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const ask = useChange<WhatIf>();
  const rows = actions.data?.results ?? [];
  const selected = rows.filter((row) => chosen.has(row.key));
  const toggle = (row: Action, on: boolean) => {
    ask.reset();
    setChosen((before) => {
      const after = new Set(before);
      if (on) after.add(row.key);
      else after.delete(row.key);
      return after;
    });
  };
  const together = () => {
    const findings = [...new Set(selected.flatMap((row) => row.finding_ids))].slice(0, 10_000);
    ask.mutate({ method: "POST", path: "/what-if", body: { findings } });
  };
  return (
    <PageFrame
      title="Next best actions"
      says={`Fixes ranked by how far the load ${asOf ? "would have fallen" : "falls"} for one unit of work: an image rebuild, or one changed setting.`}
    >
      {actions.error && <ProblemNote problem={actions.error} retry={() => void actions.refetch()} />}
      {actions.isPending ? (
        <Loading what="the fixes" rows={8} />
      ) : rows.length === 0 && !actions.error ? (
        <Empty title={`There ${asOf ? "was" : "is"} nothing to do`}>
          No finding that loads a host has a fix, or nothing was measured yet.
        </Empty>
      ) : (
        <>
          <Panel
            title={`Load ${loadText(actions.data?.load ?? 0)} over ${plural(actions.data?.hosts ?? 0, "host", "hosts")}`}
            aside={`found among the ${wholeText(actions.data?.looked_at ?? 0)} findings with the most points`}
          >
            <div className={pageClasses.frame}>
              <table className={pageClasses.table}>
                <thead>
                  <tr>
                    {!asOf && (
                      <th scope="col">
                        <span className="spoken">Choose</span>
                      </th>
                    )}
                    <th scope="col">Fix</th>
                    <th scope="col">Work</th>
                    <th scope="col" className={pageClasses.number}>
                      Removes
                    </th>
                    <th scope="col">Load</th>
                    <th scope="col" className={pageClasses.number}>
                      Falls by
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row) => (
                    <tr key={row.key}>
                      {!asOf && (
                        <td>
                          <Checkbox
                            size="xs"
                            aria-label={`Choose ${row.title}`}
                            checked={chosen.has(row.key)}
                            onChange={(event) => toggle(row, event.currentTarget.checked)}
                          />
                        </td>
                      )}
                      <td>
                        <SeverityGlyph severity={row.severity} /> <strong>{row.title}</strong>
                        <div className="soft">{row.advice}</div>
                      </td>
                      <td>{row.work}</td>
                      <td className={pageClasses.number}>
                        <Link to={to("/findings", row.filters)}>
                          {plural(row.findings, "finding", "findings")}
                        </Link>
                        <div className="soft">on {plural(row.assets, "asset", "assets")}</div>
                      </td>
                      <td>
                        <FallBar before={row.load_before} after={row.load_after} />
                      </td>
                      <td className={pageClasses.number}>
                        <strong>{loadText(row.fall)}</strong>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </Panel>
          {!asOf && selected.length > 0 && (
            <Panel
              title={`${plural(selected.length, "fix", "fixes")} together`}
              aside={
                <Button loading={ask.isPending} onClick={together}>
                  What if
                </Button>
              }
            >
              {ask.error && <ProblemNote problem={ask.error} />}
              {ask.data ? (
                <WhatIfPanel told={ask.data} />
              ) : (
                <p className="soft">
                  What the loads would be with all of them done, environment by environment.
                </p>
              )}
            </Panel>
          )}
        </>
      )}
    </PageFrame>
  );
}
