import { Button } from "@mantine/core";
import { useState } from "react";
import type { Deadline } from "../../api/decisions";
import { useItem } from "../../api/hooks";
import type { Environment } from "../../api/types";
import { Panel, pageClasses } from "../../ui/page";
import { plural } from "../../ui/quantities";
import { SeverityWord } from "../../ui/severity";
import { Loading, ProblemNote } from "../../ui/states";
import { DeadlinesForm } from "./deadlinesForm";

/** Within how many days each environment wants its findings mended. */
export function Deadlines({ environments, mayChange }: { environments: Environment[]; mayChange: boolean }) {
  const [edited, setEdited] = useState<Environment | null>(null);
  if (environments.length === 0) return null;
  return (
    <Panel title="Deadlines" aside="of several that fit a finding, the shortest holds">
      <div className={pageClasses.frame}>
        <table className={pageClasses.table}>
          <thead>
            <tr>
              <th scope="col">Environment</th>
              <th scope="col">Findings are to be mended within</th>
              <th scope="col">Decisions</th>
              {mayChange && (
                <th scope="col">
                  <span className="spoken">Change</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {environments.map((environment) => (
              <tr key={environment.id}>
                <td>
                  <strong>{environment.name}</strong>
                </td>
                <td>
                  <DeadlineLines environment={environment} />
                </td>
                <td>{environment.requires_approval ? "need a second person" : "hold at once"}</td>
                {mayChange && (
                  <td>
                    <Button
                      variant="default"
                      onClick={() => setEdited(environment)}
                      aria-label={`Change the deadlines of ${environment.name}`}
                    >
                      Change
                    </Button>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {edited && <DeadlinesForm environment={edited} onClose={() => setEdited(null)} />}
    </Panel>
  );
}

function DeadlineLines({ environment }: { environment: Environment }) {
  const item = useItem<{ deadlines: Deadline[] }>(`/environments/${environment.id}/deadlines`);
  if (item.error) return <ProblemNote problem={item.error} />;
  if (!item.data) return <Loading what="the deadlines" rows={1} />;
  if (item.data.deadlines.length === 0) return <span className="soft">no deadline</span>;
  return item.data.deadlines.map((deadline) => (
    <div key={JSON.stringify(deadline)}>
      <SeverityWord severity={deadline.severity} /> {deadlineText(deadline)}
    </div>
  ));
}

const STARTS: Record<Deadline["starts"], string> = {
  opened: "after it was found",
  fix: "after a fix became known",
  exploited: "after it became known to be exploited",
};

/** `reachable from outside: 7 days after it was found` */
export function deadlineText({ exposed, exploited, days, starts }: Deadline): string {
  const cases = [
    exploited === true && "exploited",
    exploited === false && "not exploited",
    exposed === true && "reachable from outside",
    exposed === false && "not reachable from outside",
  ].filter(Boolean);
  return `${cases.length > 0 ? `${cases.join(", ")}: ` : ""}${plural(days, "day", "days")} ${STARTS[starts]}`;
}
