import { Button, Group } from "@mantine/core";
import { useState } from "react";
import type { GatePolicy, GateRules } from "../../api/gate";
import { useChange, useItem, useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { EnvironmentRef } from "../../api/types";
import { Confirm } from "../../ui/confirm";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { Panel, pageClasses } from "../../ui/page";
import { useEnvironments } from "../../ui/shell/scopeSelect";
import { Loading, ProblemNote } from "../../ui/states";
import classes from "./gate.module.css";
import { RuleList } from "./gateParts";
import { PolicyForm } from "./policyForm";

interface Line {
  /** Null stands for every environment without its own. */
  environment: EnvironmentRef | null;
  /** Its own; null where it goes by another. */
  policy: GatePolicy | null;
  rules: GateRules;
}

/** The policy for every environment first, then each environment with what holds for it. */
export function linesOf(environments: EnvironmentRef[], policies: GatePolicy[], standard: GateRules): Line[] {
  const general = policies.find((policy) => policy.environment === null) ?? null;
  const fallback: GateRules = general ?? standard;
  return [
    { environment: null, policy: general, rules: fallback },
    ...environments.map((environment) => {
      const policy = policies.find((known) => known.environment?.id === environment.id) ?? null;
      return { environment, policy, rules: policy ?? fallback };
    }),
  ];
}

function nameOf(environment: EnvironmentRef | null): string {
  return environment ? environment.name : "every environment";
}

/** What each environment demands of an image, to see, to try and, for those who may, to set. */
export function Policies() {
  const { can, me } = useSession();
  const notices = useNotices();
  const environments = useEnvironments();
  const list = useList<GatePolicy>("/gate-policies", { limit: 200 });
  const standard = useItem<GateRules>("/gate-policies/default");
  const change = useChange();
  const [edited, setEdited] = useState<Line | null>(null);
  const [removed, setRemoved] = useState<GatePolicy | null>(null);
  const problem = list.error ?? standard.error;
  const note = problem && (
    <ProblemNote
      problem={problem}
      retry={() => {
        void list.refetch();
        void standard.refetch();
      }}
    />
  );
  if (!list.data || !standard.data) return note || <Loading what="the policies" />;
  const policies = list.data.pages.flatMap((page) => page.results);
  // The policy for every environment is not for those to set who see some of them.
  const maySet = (line: Line) =>
    can("environments.change") && (line.environment !== null || me.environments === null);
  return (
    <Panel>
      {note}
      <div className={pageClasses.frame}>
        <table className={pageClasses.table} aria-label="Policies">
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col">The gate refuses</th>
              <th scope="col">Set</th>
              <th scope="col">
                <span className="spoken">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {linesOf(environments, policies, standard.data).map((line) => (
              <tr key={line.environment?.id ?? "every"}>
                <td className={classes.for}>
                  <strong>{line.environment ? line.environment.name : "Every environment"}</strong>
                  {!line.environment && <div className="soft">without a policy of its own</div>}
                </td>
                <td>
                  {line.environment && !line.policy ? (
                    <span className="soft">What is refused for every environment</span>
                  ) : (
                    <RuleList rules={line.rules} />
                  )}
                </td>
                <td>
                  {line.policy ? (
                    <Moment at={line.policy.changed_at} />
                  ) : (
                    <span className="soft">{line.environment ? "none of its own" : "as it comes"}</span>
                  )}
                </td>
                <td>
                  <Group gap="xs" justify="flex-end">
                    <Button
                      variant="default"
                      aria-label={`${maySet(line) ? "Change" : "Try"} the policy for ${nameOf(line.environment)}`}
                      onClick={() => setEdited(line)}
                    >
                      {maySet(line) ? "Change" : "Try"}
                    </Button>
                    {line.policy && maySet(line) && (
                      <Button
                        variant="default"
                        aria-label={`Remove the policy for ${nameOf(line.environment)}`}
                        onClick={() => setRemoved(line.policy)}
                      >
                        Remove
                      </Button>
                    )}
                  </Group>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {edited && (
        <PolicyForm
          environment={edited.environment}
          rules={edited.rules}
          maySet={maySet(edited)}
          onClose={() => setEdited(null)}
        />
      )}
      <Confirm
        opened={removed !== null}
        title={`Remove the policy for ${nameOf(removed?.environment ?? null)}?`}
        verb="Remove"
        onClose={() => setRemoved(null)}
        onConfirm={async () => {
          await change.mutateAsync({ method: "DELETE", path: `/gate-policies/${removed?.id}` });
          notices.done("The policy was removed.");
        }}
      >
        {removed?.environment
          ? "From now on the gate refuses there what is refused for every environment."
          : "From now on the gate refuses what it does without any policy, wherever none is set."}
      </Confirm>
    </Panel>
  );
}
