import { Group, TextInput } from "@mantine/core";
import { Link } from "react-router";
import { useItem } from "../../api/hooks";
import type { Changed, Changes } from "../../api/trends";
import { AssetLink } from "../../ui/assetLink";
import { PageFrame, Panel, pageClasses } from "../../ui/page";
import { countText, wholeText } from "../../ui/quantities";
import { SeverityGlyph } from "../../ui/severity";
import { Loading, ProblemNote } from "../../ui/states";
import { Tiles } from "../../ui/tiles";
import { exportPath } from "../../url/apiCall";
import { endOfDay } from "../../url/day";
import { pathOf } from "../../url/paths";
import { useCarry, useScope } from "../../url/scope";
import { useAddressValue } from "../../url/useView";

const WHAT: { name: keyof Omit<Changes, "begin" | "end">; label: string }[] = [
  { name: "opened", label: "Opened" },
  { name: "reopened", label: "Reopened" },
  { name: "resolved", label: "Resolved" },
  { name: "decided", label: "Decided" },
  { name: "new_assets", label: "New assets" },
  { name: "gone_assets", label: "Gone assets" },
];

function dayBefore(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}

/** What changed between two dates: findings and assets that came and went. */
export function ChangesPage() {
  const { environment } = useScope();
  const [from, setFrom] = useAddressValue("from");
  const [to, setTo] = useAddressValue("to");
  const begin = from ?? dayBefore(7);
  const today = new Date().toISOString().slice(0, 10);
  const asked = {
    environment,
    from: begin.length === 10 ? `${begin}T00:00:00Z` : begin,
    to: to && to < today ? endOfDay(to) : null,
  };
  const changes = useItem<Changes>("/changes", asked);
  const told = changes.data;
  return (
    <PageFrame
      title="What changed"
      says="Findings and assets that came, went or were decided between two dates (UTC)."
      actions={
        <Group gap="xs">
          <TextInput
            type="date"
            aria-label="From"
            value={begin.slice(0, 10)}
            max={today}
            onChange={(event) => setFrom(event.currentTarget.value || null)}
          />
          <TextInput
            type="date"
            aria-label="To"
            value={to ?? today}
            max={today}
            onChange={(event) => setTo(event.currentTarget.value || null)}
          />
        </Group>
      }
    >
      {changes.error && <ProblemNote problem={changes.error} retry={() => void changes.refetch()} />}
      {!told && !changes.error && <Loading what="what changed" rows={8} />}
      {told && (
        <>
          <Tiles
            label="How much changed"
            tiles={WHAT.map(({ name, label }) => ({
              label,
              value: countText(told[name].total),
              to: `#${name}`,
            }))}
          />
          <div className={pageClasses.grid}>
            {WHAT.map(({ name, label }) => (
              <ChangedPanel
                key={name}
                id={name}
                label={label}
                changed={told[name]}
                file={exportPath(`/changes/${name}`, asked, "csv")}
              />
            ))}
          </div>
        </>
      )}
    </PageFrame>
  );
}

function ChangedPanel({
  id,
  label,
  changed,
  file,
}: {
  id: string;
  label: string;
  changed: Changed;
  /** Where all of it is downloaded. */
  file: string;
}) {
  const to = useCarry();
  const more = changed.total.value - changed.rows.length;
  return (
    <Panel title={label} aside={countText(changed.total)}>
      <div id={id} className={pageClasses.frame}>
        {changed.rows.length === 0 ? (
          <p className="soft">Nothing.</p>
        ) : (
          <table className={pageClasses.table}>
            <thead>
              <tr>
                <th scope="col">{changed.rows[0]?.severity ? "Finding" : "Asset"}</th>
                <th scope="col">{changed.rows[0]?.severity ? "On" : "Kind"}</th>
              </tr>
            </thead>
            <tbody>
              {changed.rows.map((row) => (
                <tr key={row.id}>
                  <td>
                    {row.severity ? (
                      <>
                        <SeverityGlyph severity={row.severity} />{" "}
                        <Link to={to(pathOf("finding", row.id) ?? "/findings")}>{row.title}</Link>
                      </>
                    ) : (
                      <AssetLink asset={row.asset} />
                    )}
                  </td>
                  <td>{row.severity ? <AssetLink asset={row.asset} /> : row.asset.kind}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {more > 0 && (
          <p className="soft">
            and {changed.total.exact ? "" : "at least "}
            {wholeText(more)} more:{" "}
            <a href={file} download>
              {label.toLowerCase()}, all as CSV
            </a>
          </p>
        )}
      </div>
    </Panel>
  );
}
