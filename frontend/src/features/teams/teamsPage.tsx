import { Button } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import type { OwnerRule, Team } from "../../api/decisions";
import { useChange, useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import { Confirm } from "../../ui/confirm";
import { labelsText } from "../../ui/labels";
import { PageFrame, Panel, pageClasses } from "../../ui/page";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { useCarry } from "../../url/scope";
import { RuleForm } from "./ruleForm";
import { TeamForm } from "./teamForm";

/** Teams, and the rules that give them findings. */
export function TeamsPage() {
  const { can } = useSession();
  const to = useCarry();
  const [edited, setEdited] = useState<Team | "new" | null>(null);
  const [removed, setRemoved] = useState<Team | null>(null);
  const list = useList<Team>("/teams", { limit: 200 });
  const remove = useChange<null>(["/owner-rules", "/findings"]);
  const rows = list.data?.pages.flatMap((page) => page.results) ?? [];
  const mayChange = can("users.change");
  const add = mayChange && <Button onClick={() => setEdited("new")}>New team</Button>;
  return (
    <PageFrame
      title="Teams"
      says="People who look after the same things, and which findings are theirs."
      actions={add}
    >
      {list.error && <ProblemNote problem={list.error} retry={() => void list.refetch()} />}
      {list.isPending ? (
        <Loading what="the teams" />
      ) : rows.length === 0 && !list.error ? (
        <Empty title="There is no team yet" action={add}>
          Findings can be given to a team, by hand or by a rule.
        </Empty>
      ) : (
        <Panel>
          <div className={pageClasses.frame}>
            <table className={pageClasses.table}>
              <thead>
                <tr>
                  <th scope="col">Team</th>
                  <th scope="col">Members</th>
                  <th scope="col">Manager</th>
                  {mayChange && (
                    <th scope="col">
                      <span className="spoken">Change</span>
                    </th>
                  )}
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.id}>
                    <td>
                      <Link to={to("/findings", { owner: `team:${row.name}` })}>
                        <strong>{row.name}</strong>
                      </Link>
                    </td>
                    <td>{row.members.join(", ") || <span className="soft">none</span>}</td>
                    <td>{row.manager ?? <span className="soft">none</span>}</td>
                    {mayChange && (
                      <td>
                        <Button
                          variant="default"
                          onClick={() => setEdited(row)}
                          aria-label={`Change ${row.name}`}
                        >
                          Change
                        </Button>{" "}
                        <Button
                          variant="default"
                          onClick={() => setRemoved(row)}
                          aria-label={`Remove ${row.name}`}
                        >
                          Remove
                        </Button>
                      </td>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Panel>
      )}
      {rows.length > 0 && <OwnerRules teams={rows} />}
      {edited && <TeamForm edited={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
      <Confirm
        opened={removed !== null}
        title={`Remove ${removed?.name ?? ""}`}
        verb="Remove"
        onClose={() => setRemoved(null)}
        onConfirm={() => remove.mutateAsync({ method: "DELETE", path: `/teams/${removed?.id}` })}
      >
        Its findings are nobody's then, and its rules go with it.
      </Confirm>
    </PageFrame>
  );
}

/** Which findings come to which team by themselves. */
function OwnerRules({ teams }: { teams: Team[] }) {
  const { can } = useSession();
  const [isNew, setIsNew] = useState(false);
  const list = useList<OwnerRule>("/owner-rules", { limit: 200 });
  const remove = useChange<null>();
  const rows = list.data?.pages.flatMap((page) => page.results) ?? [];
  const mayChange = can("deadlines.change");
  const add = mayChange && (
    <Button variant="default" onClick={() => setIsNew(true)}>
      New rule
    </Button>
  );
  return (
    <Panel title="Rules" aside={rows.length > 0 && add}>
      {list.error && <ProblemNote problem={list.error} retry={() => void list.refetch()} />}
      {remove.error && <ProblemNote problem={remove.error} />}
      {rows.length === 0 && !list.error && !list.isPending ? (
        <Empty title="There is no rule yet" action={add}>
          The first rule that fits gives a finding without an owner to its team.
        </Empty>
      ) : (
        <div className={pageClasses.frame}>
          <table className={pageClasses.table}>
            <thead>
              <tr>
                <th scope="col" className={pageClasses.number}>
                  Asked
                </th>
                <th scope="col">Environment</th>
                <th scope="col">Labels</th>
                <th scope="col">Repository</th>
                <th scope="col">Team</th>
                {mayChange && (
                  <th scope="col">
                    <span className="spoken">Remove</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  <td className={pageClasses.number}>{row.position}</td>
                  <td>{row.environment?.name ?? <span className="soft">any</span>}</td>
                  <td>{labelsText(row.labels) || <span className="soft">any</span>}</td>
                  <td>{row.repository || <span className="soft">any</span>}</td>
                  <td>{row.team}</td>
                  {mayChange && (
                    <td>
                      <Button
                        variant="default"
                        aria-label={`Remove rule ${row.position} for ${row.team}`}
                        onClick={() => remove.mutate({ method: "DELETE", path: `/owner-rules/${row.id}` })}
                      >
                        Remove
                      </Button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {isNew && <RuleForm teams={teams} onClose={() => setIsNew(false)} />}
    </Panel>
  );
}
