import { Link } from "react-router";
import type { Severity } from "../../api/types";
import type { Package, PackageDetail } from "../../api/vulnerabilities";
import { FixText } from "../../ui/fix";
import { packageOf } from "../../ui/packageText";
import { Facts, Panel, pageClasses } from "../../ui/page";
import { chanceText, countText, wholeText } from "../../ui/quantities";
import { SeverityWord } from "../../ui/severity";
import { pathOf } from "../../url/paths";
import { useCarry } from "../../url/scope";

export function PackageFacts({ row, url }: { row: Package; url?: string }) {
  return (
    <Facts
      facts={[
        ["Version", row.version],
        ["Of", packageOf(row)],
        ["Built from", row.source_name ? `${row.source_name} ${row.source_version}` : "itself"],
        ["Images that hold it", countText(row.images)],
        ["Open findings", countText(row.findings)],
        ...(url ? ([["Package URL", <code key="url">{url}</code>]] as [string, React.ReactNode][]) : []),
      ]}
    />
  );
}

export function PackageVulnerabilities({ item }: { item: PackageDetail }) {
  const to = useCarry();
  return (
    <Panel title="What is open in it">
      {item.vulnerabilities.length === 0 ? (
        <p className="soft">No finding is open in an image that you may see.</p>
      ) : (
        <div className={pageClasses.frame}>
          <table className={pageClasses.table} aria-label="Vulnerabilities">
            <thead>
              <tr>
                <th scope="col">Vulnerability</th>
                <th scope="col">Severity</th>
                <th scope="col">EPSS</th>
                <th scope="col">Fixed in</th>
                <th scope="col" className={pageClasses.number}>
                  Images
                </th>
              </tr>
            </thead>
            <tbody>
              {item.vulnerabilities.map(({ vulnerability, severity, fix, fixed_versions, images }) => (
                <tr key={vulnerability.id}>
                  <td>
                    <Link to={to(pathOf("vulnerability", vulnerability.id) ?? "/vulnerabilities")}>
                      {vulnerability.key}
                    </Link>{" "}
                    <span className="soft">{vulnerability.title}</span>
                  </td>
                  <td>
                    <SeverityWord severity={severity as Severity} />
                  </td>
                  <td>
                    {vulnerability.is_exploited
                      ? "exploited"
                      : vulnerability.epss === null
                        ? "–"
                        : chanceText(vulnerability.epss)}
                  </td>
                  <td>
                    <FixText fix={fix} versions={fixed_versions} />
                  </td>
                  <td className={pageClasses.number}>
                    <Link
                      to={to("/findings", { package: String(item.id), vulnerability: vulnerability.key })}
                    >
                      {wholeText(images)}
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

export function PackageVersions({ item }: { item: PackageDetail }) {
  const to = useCarry();
  return (
    <Panel title="Other versions in the fleet">
      {item.versions.length === 0 ? (
        <p className="soft">This is the only one.</p>
      ) : (
        <div className={pageClasses.frame}>
          <table className={pageClasses.table} aria-label="Other versions">
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">Of</th>
                <th scope="col">Worst</th>
                <th scope="col" className={pageClasses.number}>
                  Images
                </th>
              </tr>
            </thead>
            <tbody>
              {item.versions.map((version) => (
                <tr key={version.id}>
                  <td>
                    <Link to={to(pathOf("package", version.id) ?? "/packages")}>{version.version}</Link>
                  </td>
                  <td className="soft">{packageOf(version)}</td>
                  <td>
                    {version.severity ? (
                      <SeverityWord severity={version.severity} />
                    ) : (
                      <span className="soft">none open</span>
                    )}
                  </td>
                  <td className={pageClasses.number}>{countText(version.images)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
