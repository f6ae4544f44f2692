import { Stack } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";
import type { ContainerMatrix, Defence, HostMatrix, Mechanism } from "../../api/defences";
import { useItem } from "../../api/hooks";
import type { AssetRef } from "../../api/types";
import { AssetLink, EnvironmentName } from "../../ui/assetLink";
import { useDefences, weaknessWords } from "../../ui/defences/mechanisms";
import { StateChip, StateGlyph } from "../../ui/defences/states";
import { belongsElsewhere } from "../../ui/explorer/useRowKeys";
import { LoadGauge } from "../../ui/loadGauge";
import { Moment } from "../../ui/moment";
import { Facts, pageClasses } from "../../ui/page";
import { EvidenceLines } from "../../ui/panels/evidence";
import panels from "../../ui/panels/panels.module.css";
import { Loading, ProblemNote } from "../../ui/states";
import { pathOf } from "../../url/paths";
import { useCarry, useScope } from "../../url/scope";
import { useView } from "../../url/useView";
import classes from "./defences.module.css";

/** h and l go to the mechanism before and after, as j and k do with the rows. */
function useCellKeys(step: (by: 1 | -1) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (belongsElsewhere(event.target)) return;
      if (event.key === "l") step(1);
      else if (event.key === "h") step(-1);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [step]);
}

/** By how much it lightens which findings, as the ledger's rules have it. */
function Rules({ mechanism, standing }: { mechanism: Mechanism; standing: boolean }) {
  if (mechanism.rules.length === 0) {
    return <p className="soft">No rule lightens a finding for it: it weighs nothing in the ledger.</p>;
  }
  return (
    <>
      <p className="soft">
        {standing
          ? "Findings of these classes weigh less here while it is enforcing. Of several rules the strongest counts."
          : "It would lighten findings of these classes if it were enforcing. It does not now."}
      </p>
      <table className={pageClasses.table} aria-label="By how much it lightens findings">
        <tbody>
          {mechanism.rules.map((rule) => (
            <tr key={rule.weakness}>
              <td>
                {weaknessWords(rule.weakness)}
                <div className="soft">{rule.reason}</div>
              </td>
              <td className={pageClasses.number}>× {rule.factor.toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** One cell: its state in words, what proves it, what it is good for, and what to do. */
function CellDetails({ mechanism, cell }: { mechanism: Mechanism; cell: Defence }) {
  const to = useCarry();
  const standing = cell.state === "enforcing";
  const inside = mechanism.in_container;
  return (
    <>
      <Facts
        facts={[
          ["State", <StateChip key="state" state={cell.state} />],
          ["Since", <Moment key="since" at={cell.since} />],
          ["Evidence since", <Moment key="evidence" at={cell.evidence_since} />],
          ...(mechanism.check
            ? ([
                [
                  "Check",
                  <Link key="check" to={to(pathOf("check", mechanism.check) ?? "/checks")}>
                    {mechanism.check}
                  </Link>,
                ],
              ] as [string, ReactNode][])
            : []),
        ]}
      />
      <section className={panels.block}>
        <h2>Evidence</h2>
        <EvidenceLines lines={cell.evidence} />
      </section>
      <section className={panels.block}>
        <h2>What it blunts</h2>
        <p className={panels.prose}>{mechanism.why}</p>
        <ul className={classes.weaknesses}>
          {mechanism.blunts.map((weakness) => (
            <li key={weakness.id}>
              <strong>{weaknessWords(weakness.id)}</strong> <span className="soft">{weakness.meaning}</span>
            </li>
          ))}
        </ul>
        {inside && cell.asset.kind === "host" && (
          <Link to={to("/defences", { tab: "containers", host: String(cell.asset.id) })}>
            What of it confines the containers here
          </Link>
        )}
      </section>
      <section className={panels.block}>
        <h2>{standing ? "How it is set" : "What to do"}</h2>
        <p className={panels.prose}>{mechanism.remediation}</p>
      </section>
      <section className={panels.block}>
        <h2>What it changes in the ledger</h2>
        <Rules mechanism={mechanism} standing={standing} />
      </section>
    </>
  );
}

/** One row of the matrix, and the cell of it that was asked for. */
function RowPanel({
  asset,
  facts,
  mechanisms,
}: {
  asset: AssetRef;
  facts: [string, ReactNode][];
  mechanisms: Mechanism[];
}) {
  const { view, change } = useView([]);
  const { cells, error, refetch } = useDefences(String(asset.id));
  const at = mechanisms.findIndex((mechanism) => mechanism.id === view.cell);
  const mechanism = mechanisms[at];
  const cell = mechanism && cells?.get(mechanism.id);
  useCellKeys((by) => {
    const next = mechanisms[Math.max(0, Math.min(mechanisms.length - 1, at + by))];
    if (next) change({ cell: next.id }, true);
  });
  return (
    <Stack gap="lg">
      <div className={panels.block}>
        <h1 className={classes.heading}>{mechanism ? mechanism.title : asset.name}</h1>
        {mechanism && (
          <span className="soft">
            on <AssetLink asset={asset} />
          </span>
        )}
      </div>
      {error && <ProblemNote problem={error} retry={() => void refetch()} />}
      {!cells && !error && <Loading what="the evidence" rows={6} />}
      {mechanism && cell && <CellDetails mechanism={mechanism} cell={cell} />}
      {mechanism && cells && !cell && <p className="soft">It was not assessed here yet.</p>}
      {!mechanism && <Facts facts={facts} />}
      {cells && (
        <section className={panels.block}>
          <h2>{mechanism ? `All mechanisms of ${asset.name}` : "Mechanisms"}</h2>
          <ul className={classes.row}>
            {mechanisms.map((other) => (
              <li key={other.id}>
                <button
                  type="button"
                  className={classes.rowCell}
                  aria-current={other.id === view.cell ? "true" : undefined}
                  onClick={() => change({ cell: other.id }, true)}
                >
                  <StateGlyph state={cells.get(other.id)?.state ?? null} />
                  {other.title}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Stack>
  );
}

export function HostDrawer({
  id,
  row,
  mechanisms,
}: {
  id: string;
  row: HostMatrix | undefined;
  mechanisms: Mechanism[];
}) {
  const { asOf } = useScope();
  const item = useItem<HostMatrix>(row ? null : `/host-defences/${id}`, { as_of: asOf });
  const host = row ?? item.data;
  if (!host) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the host" />;
  return (
    <RowPanel
      asset={{ kind: "host", id: host.id, name: host.name }}
      mechanisms={mechanisms}
      facts={[
        ["Environment", <EnvironmentName key="environment" environment={host.environment} />],
        ["Distribution", host.distribution],
        ["Kernel", host.kernel_release],
        [
          "Reboot required",
          host.reboot_required === null ? "not measured" : host.reboot_required ? "yes" : "no",
        ],
        ["Read as root", host.is_root ? "yes" : "no: much is not measured"],
        ["Load", <LoadGauge key="load" load={host.load} />],
      ]}
    />
  );
}

export function ContainerDrawer({
  id,
  row,
  mechanisms,
}: {
  id: string;
  row: ContainerMatrix | undefined;
  mechanisms: Mechanism[];
}) {
  const { asOf } = useScope();
  const item = useItem<ContainerMatrix>(row ? null : `/container-defences/${id}`, { as_of: asOf });
  const container = row ?? item.data;
  if (!container) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the container" />;
  return (
    <RowPanel
      asset={{ kind: "container", id: container.id, name: container.name }}
      mechanisms={mechanisms}
      facts={[
        ["Host", <AssetLink key="host" asset={container.host} />],
        ["Environment", <EnvironmentName key="environment" environment={container.environment} />],
        ["Started by", container.manager],
        ["Load", <LoadGauge key="load" load={container.load} />],
      ]}
    />
  );
}
