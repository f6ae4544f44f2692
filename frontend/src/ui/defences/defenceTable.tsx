import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import type { Mechanism } from "../../api/defences";
import { pathOf } from "../../url/paths";
import { useCarry } from "../../url/scope";
import { Moment } from "../moment";
import { Panel, pageClasses } from "../page";
import { plural } from "../quantities";
import { Empty, Loading, ProblemNote } from "../states";
import classes from "./defences.module.css";
import { useDefences, useMechanisms } from "./mechanisms";
import { StateChip } from "./states";

/** One asset's row of the matrix as a list: what stands since when, what proves it, and what to do where it does not. */
export function DefenceTable({
  asset,
  kind,
  title,
}: {
  asset: string;
  kind: Mechanism["kind"];
  title: string;
}) {
  const to = useCarry();
  const { mechanisms, ...catalogue } = useMechanisms(kind);
  const { cells, ...row } = useDefences(asset);
  const [shown, setShown] = useState("all");
  const problem = catalogue.error ?? row.error;
  if (problem) {
    return (
      <ProblemNote
        problem={problem}
        retry={() => {
          void catalogue.refetch();
          void row.refetch();
        }}
      />
    );
  }
  if (!mechanisms || !cells) return <Loading what="the defences" />;
  const assessed = mechanisms.flatMap((mechanism) => {
    const cell = cells.get(mechanism.id);
    return cell ? [{ mechanism, cell }] : [];
  });
  if (assessed.length === 0) {
    return (
      <Panel title={title}>
        <Empty title="Nothing was assessed">The next pull of its host probe does.</Empty>
      </Panel>
    );
  }
  const weak = assessed.filter(({ cell }) => !["enforcing", "not_applicable"].includes(cell.state));
  const rows = shown === "weak" ? weak : assessed;
  return (
    <Panel
      title={title}
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Mechanisms to show"
          value={shown}
          onChange={setShown}
          data={[
            { value: "all", label: `All ${assessed.length}` },
            { value: "weak", label: `Not enforcing ${weak.length}` },
          ]}
        />
      }
    >
      {rows.length === 0 ? (
        <Empty title="Everything that applies here is enforcing" />
      ) : (
        <div className={pageClasses.frame}>
          <table className={`${pageClasses.table} ${classes.table}`} aria-label={title}>
            <thead>
              <tr>
                <th scope="col">Mechanism</th>
                <th scope="col">State</th>
                <th scope="col">Evidence, and what to do</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ mechanism, cell }) => (
                <tr key={mechanism.id}>
                  <td>
                    {mechanism.check ? (
                      <Link className={classes.name} to={to(pathOf("check", mechanism.check) ?? "/checks")}>
                        {mechanism.title}
                      </Link>
                    ) : (
                      <span className={classes.name}>{mechanism.title}</span>
                    )}
                  </td>
                  <td>
                    <span className={classes.state}>
                      <StateChip state={cell.state} />
                      <span className="soft">
                        since <Moment at={cell.since} />
                      </span>
                    </span>
                  </td>
                  <td>
                    <ul className={`${classes.evidence} mono`}>
                      {cell.evidence.map((line) => (
                        <li key={line}>{line}</li>
                      ))}
                    </ul>
                    {(cell.state === "absent" || cell.state === "permissive") && (
                      <p className={classes.remedy}>{mechanism.remediation}</p>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {assessed.length < mechanisms.length && (
        <p className="soft">
          {plural(mechanisms.length - assessed.length, "mechanism was", "mechanisms were")} not assessed yet.
        </p>
      )}
    </Panel>
  );
}
