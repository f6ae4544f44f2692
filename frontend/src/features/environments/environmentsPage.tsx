import { Button } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useList } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Environment } from "../../api/types";
import { LoadGauge } from "../../ui/loadGauge";
import { PageFrame, Panel, pageClasses } from "../../ui/page";
import { loadText, shareText, wholeText, wordsOf } from "../../ui/quantities";
import { SeverityTally } from "../../ui/severity";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { useScope } from "../../url/scope";
import { Deadlines } from "./deadlines";
import { EnvironmentForm } from "./environmentForm";
import { TrustedSigners } from "./trustedSigners";

/** The environments with their loads against their lines. */
export function EnvironmentsPage() {
  const { can } = useSession();
  const [edited, setEdited] = useState<Environment | "new" | null>(null);
  const { asOf } = useScope();
  const list = useList<Environment>("/environments", { limit: 200, as_of: asOf });
  const rows = list.data?.pages.flatMap((page) => page.results) ?? [];
  // What is shown of the past must not be written over the present.
  const mayChange = can("environments.change") && !asOf;
  return (
    <PageFrame
      title="Environments"
      says={`How loaded each environment is against the line that its owners tolerate.${
        asOf ? " Deadlines and trusted signers are told of the present alone." : ""
      }`}
      actions={mayChange && <Button onClick={() => setEdited("new")}>New environment</Button>}
    >
      {list.error && <ProblemNote problem={list.error} retry={() => void list.refetch()} />}
      {list.isPending ? (
        <Loading what="the environments" />
      ) : rows.length === 0 && !list.error ? (
        <Empty
          title="There is no environment yet"
          action={mayChange && <Button onClick={() => setEdited("new")}>New environment</Button>}
        >
          An environment gathers nodes under one line, such as production or staging.
        </Empty>
      ) : (
        <Panel>
          <div className={pageClasses.frame}>
            <table className={pageClasses.table}>
              <thead>
                <tr>
                  <th scope="col">Environment</th>
                  <th scope="col">Load</th>
                  <th scope="col" className={pageClasses.number}>
                    Line
                  </th>
                  <th scope="col" className={pageClasses.number}>
                    Coverage
                  </th>
                  <th scope="col" className={pageClasses.number}>
                    Above the line
                  </th>
                  <th scope="col">Open findings</th>
                  <th scope="col">Data</th>
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
                      <Link to={`/hosts?environment=${row.id}`}>
                        <strong>{row.name}</strong>
                      </Link>
                      <div className="soft">{row.description}</div>
                    </td>
                    <td>
                      <LoadGauge load={row.load} ledger={`/environments/${row.id}/ledger`} />
                    </td>
                    <td className={pageClasses.number}>{loadText(row.line)}</td>
                    <td className={pageClasses.number}>{shareText(row.load.coverage)}</td>
                    <td className={pageClasses.number}>
                      <Link to={`/hosts?environment=${row.id}&above_line=true`}>
                        {wholeText(row.hosts_above_line)} of {wholeText(row.hosts)} hosts
                      </Link>
                    </td>
                    <td>
                      <Link to={`/findings?environment=${row.id}`} style={{ color: "inherit" }}>
                        <SeverityTally counts={row.open_findings} />
                      </Link>
                    </td>
                    <td>
                      {row.data_classes.map(wordsOf).join(", ") || <span className="soft">none named</span>}
                    </td>
                    {mayChange && (
                      <td>
                        <Button
                          variant="default"
                          onClick={() => setEdited(row)}
                          aria-label={`Change ${row.name}`}
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
        </Panel>
      )}
      <Deadlines environments={rows} mayChange={can("deadlines.change") && !asOf} />
      <TrustedSigners environments={rows} mayChange={mayChange} />
      {edited && (
        <EnvironmentForm edited={edited === "new" ? null : edited} onClose={() => setEdited(null)} />
      )}
    </PageFrame>
  );
}
