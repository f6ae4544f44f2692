import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import type { HostPackage } from "../../api/defences";
import { useItem } from "../../api/hooks";
import { SearchIcon } from "../../ui/icons";
import { Panel, pageClasses } from "../../ui/page";
import { plural, wholeText } from "../../ui/quantities";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { useScope } from "../../url/scope";

const SHOWN = 100;

/** The packages whose name, source or version has the text. */
export function matching(packages: HostPackage[], text: string): HostPackage[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return packages;
  return packages.filter((found) =>
    [found.name, found.source, found.version].some((part) => part.toLowerCase().includes(wanted)),
  );
}

function PackageList({ id }: { id: string }) {
  const { asOf } = useScope();
  const item = useItem<HostPackage[]>(`/hosts/${id}/packages`, { as_of: asOf });
  const [text, setText] = useState("");
  if (!item.data) {
    return item.error ? (
      <ProblemNote problem={item.error} retry={() => void item.refetch()} />
    ) : (
      <Loading what="the packages" />
    );
  }
  const found = matching(item.data, text);
  const shown = found.slice(0, SHOWN);
  return (
    <>
      <TextInput
        size="xs"
        type="search"
        aria-label="Search packages"
        placeholder="Search packages"
        maw={260}
        leftSection={<SearchIcon size={14} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {found.length === 0 ? (
        <Empty
          title={item.data.length === 0 ? "No package is installed" : "No package matches this search"}
        />
      ) : (
        <div className={pageClasses.frame}>
          <table className={pageClasses.table} aria-label="Packages">
            <thead>
              <tr>
                <th scope="col">Package</th>
                <th scope="col">Version</th>
                <th scope="col">Architecture</th>
                <th scope="col">Source</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((entry) => (
                <tr key={`${entry.name} ${entry.version} ${entry.architecture}`}>
                  <td>{entry.name}</td>
                  <td>{entry.version}</td>
                  <td>{entry.architecture || "–"}</td>
                  <td>{entry.source || <span className="soft">the same</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="soft" aria-live="polite">
        {found.length > shown.length
          ? `${wholeText(shown.length)} of ${plural(found.length, "package", "packages")} shown. Search to see others.`
          : plural(found.length, "package", "packages")}
      </p>
    </>
  );
}

/** The operating system's packages, fetched when asked for: a host has hundreds. */
export function HostPackages({ id, count }: { id: string; count: number | null }) {
  const [opened, setOpened] = useState(false);
  return (
    <Panel title="Packages" aside={count === null ? "not measured" : plural(count, "package", "packages")}>
      {count === null ? (
        <p className="soft">The probe could not read what is installed; the reason is above.</p>
      ) : opened ? (
        <PackageList id={id} />
      ) : (
        <Button variant="default" onClick={() => setOpened(true)}>
          Show packages
        </Button>
      )}
    </Panel>
  );
}
