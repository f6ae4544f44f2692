import type { WhatIf } from "../../api/trends";
import { pageClasses } from "../../ui/page";
import { loadText, plural, wholeText } from "../../ui/quantities";
import { FallBar } from "./fallBar";

/** The loads of environments before and after, and how many hosts would float above their line. */
export function WhatIfPanel({ told }: { told: WhatIf }) {
  const touched = told.environments.filter(
    (row) => row.before !== row.after || row.line_before !== row.line_after,
  );
  if (touched.length === 0) return <p className="soft">No load would change.</p>;
  return (
    <>
      <div className={pageClasses.frame}>
        <table className={pageClasses.table} aria-label="Loads before and after">
          <thead>
            <tr>
              <th scope="col">Environment</th>
              <th scope="col">Load</th>
              <th scope="col" className={pageClasses.number}>
                Line
              </th>
              <th scope="col" className={pageClasses.number}>
                Hosts above it
              </th>
            </tr>
          </thead>
          <tbody>
            {touched.map((row) => (
              <tr key={row.environment.id}>
                <td>{row.environment.name}</td>
                <td>
                  <FallBar before={row.before ?? 0} after={row.after ?? 0} />
                </td>
                <td className={pageClasses.number}>{loadText(row.line_after)}</td>
                <td className={pageClasses.number}>
                  {wholeText(row.above_before)} → <strong>{wholeText(row.above_after)}</strong> of{" "}
                  {wholeText(row.hosts)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="soft">The load of {plural(told.hosts_total, "host", "hosts")} would change.</p>
    </>
  );
}
