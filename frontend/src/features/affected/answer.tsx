import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Affected, AffectedAsset, AffectedPackage } from "../../api/affected";
import { AssetLink } from "../../ui/assetLink";
import { Panel, pageClasses } from "../../ui/page";
import { wholeText } from "../../ui/quantities";
import { ScrollFrame } from "../../ui/scrollFrame";
import { useCarry } from "../../url/scope";
import classes from "./affected.module.css";

function Listing({
  title,
  heads,
  total,
  shown,
  children,
}: {
  title: string;
  /** The columns; those that start with `#` hold numbers. */
  heads: string[];
  total: number;
  shown: number;
  children: ReactNode;
}) {
  if (total === 0) return null;
  return (
    <Panel
      title={`${title} ${wholeText(total)}`}
      aside={total > shown ? `the first ${wholeText(shown)} are listed` : undefined}
    >
      <ScrollFrame className={classes.frame} label={title}>
        <table className={pageClasses.table} aria-label={title}>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col" className={head.startsWith("#") ? pageClasses.number : undefined}>
                  {head.replace("#", "")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </ScrollFrame>
    </Panel>
  );
}

function Assets({
  kind,
  title,
  rows,
  total,
}: {
  kind: "image" | "host";
  title: string;
  rows: AffectedAsset[];
  total: number;
}) {
  return (
    <Listing
      title={title}
      heads={[kind === "image" ? "Image" : "Host", "#Running containers"]}
      total={total}
      shown={rows.length}
    >
      {rows.map((row) => (
        <tr key={row.id}>
          <td>
            <AssetLink asset={{ kind, id: row.id, name: row.name }} />
          </td>
          <td className={pageClasses.number}>{wholeText(row.containers)}</td>
        </tr>
      ))}
    </Listing>
  );
}

function PackageCells({ row }: { row: AffectedPackage }) {
  return (
    <>
      <td>
        <strong>{row.namespace && !row.distribution ? `${row.namespace}/${row.name}` : row.name}</strong>{" "}
        {row.version}
      </td>
      <td>{[row.ecosystem, row.distribution].filter(Boolean).join(", ")}</td>
    </>
  );
}

/** What is affected, by where it matters: images, hosts and environments, then the packages. */
export function AnswerTables({ answer }: { answer: Affected }) {
  const to = useCarry();
  return (
    <>
      <div
        className={`${pageClasses.grid} ${classes.places}`}
        hidden={answer.images_total + answer.hosts_total === 0}
      >
        <Assets kind="image" title="Images" rows={answer.images} total={answer.images_total} />
        <Assets kind="host" title="Hosts" rows={answer.hosts} total={answer.hosts_total} />
        <Listing
          title="Environments"
          heads={["Environment", "#Affected hosts"]}
          total={answer.environments.length}
          shown={answer.environments.length}
        >
          {answer.environments.map((row) => (
            <tr key={row.id}>
              <td>
                <Link to={to("/hosts", { environment: String(row.id) })}>{row.name}</Link>
              </td>
              <td className={pageClasses.number}>{wholeText(row.hosts)}</td>
            </tr>
          ))}
        </Listing>
      </div>
      <Listing
        title="Packages"
        heads={["Package", "Of", ...(answer.about === "vulnerability" ? ["Fixed in"] : [])]}
        total={answer.packages_total}
        shown={answer.packages.length}
      >
        {answer.packages.map((row) => (
          <tr key={row.id}>
            <PackageCells row={row} />
            {answer.about === "vulnerability" && (
              <td>{row.fixed_version || <span className="soft">no fix is known</span>}</td>
            )}
          </tr>
        ))}
      </Listing>
      <Listing
        title="Not decided"
        heads={["Package", "Of", "Why"]}
        total={answer.undecidable.length}
        shown={answer.undecidable.length}
      >
        {answer.undecidable.map((row) => (
          <tr key={row.id}>
            <PackageCells row={row} />
            <td>{row.reason}</td>
          </tr>
        ))}
      </Listing>
    </>
  );
}
