import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Query } from "../../api/client";
import type { Difference, Divergence } from "../../api/defences";
import { useItem } from "../../api/hooks";
import explorer from "../../ui/explorer/explorer.module.css";
import { SearchIcon } from "../../ui/icons";
import { plural, wholeText } from "../../ui/quantities";
import { ScrollFrame } from "../../ui/scrollFrame";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { useAddressValue } from "../../url/useView";
import classes from "./defences.module.css";
import { DifferenceRow } from "./differenceRow";
import { NOTHING } from "./matrixLists";

const ROWS_AT_ONCE = 200;

/** What the reader chose to see: differing settings, those that only lack evidence, or both. */
export type Shown = "different" | "not_measured" | "all";

export function isShown(difference: Difference, shown: Shown, text: string): boolean {
  if (shown === "different" && !difference.is_different) return false;
  if (shown === "not_measured" && difference.not_measured.length === 0) return false;
  const wanted = text.trim().toLowerCase();
  return (
    wanted === "" ||
    difference.name.toLowerCase().includes(wanted) ||
    difference.pointer.toLowerCase().includes(wanted)
  );
}

/** `12 hosts compared, 80 settings alike`, and that there are more hosts where that is so. */
export function comparedText({ hosts, hosts_total, alike }: Divergence): string {
  const more =
    hosts_total > hosts.length ? ` of ${wholeText(hosts_total)} that match, the first by name,` : "";
  return `${plural(hosts.length, "host", "hosts")}${more} compared, ${plural(alike, "setting", "settings")} alike`;
}

/** In which settings the hosts that match are not alike, with "different" apart from "not measured". */
export function Differences({ query }: { query: Query }) {
  const item = useItem<Divergence>(
    "/host-defences/divergence",
    { ...query, ordering: undefined },
    { keep: true },
  );
  const [asked, setShown] = useAddressValue("show");
  const [text, setText] = useAddressValue("setting");
  const [whole, setWhole] = useState(false);
  const shown: Shown = asked === "not_measured" || asked === "all" ? asked : "different";
  if (item.isPending) return <Loading what="the comparison" />;
  const failed = item.error && (
    <div className={explorer.problem}>
      <ProblemNote problem={item.error} retry={() => void item.refetch()} />
    </div>
  );
  if (!item.data) return failed;
  const { hosts, differences } = item.data;
  if (hosts.length === 0 && Object.keys(query).every((name) => name === "as_of")) {
    return <Empty {...NOTHING}>{NOTHING.words}</Empty>;
  }
  if (hosts.length < 2) {
    return (
      <Empty
        title={
          hosts.length === 0
            ? "No host that a probe reads matches these filters"
            : "Only one host matches: there is nothing to compare it with"
        }
      >
        Choose a group of at least two hosts that should be alike: one environment, one distribution, or the
        same label.
      </Empty>
    );
  }
  if (differences.length === 0) {
    return (
      <Empty title={`All ${wholeText(hosts.length)} hosts are alike`}>
        {comparedText(item.data)}, and everything was measured on each of them.
      </Empty>
    );
  }
  const different = differences.filter((difference) => difference.is_different).length;
  const unmeasured = differences.filter((difference) => difference.not_measured.length > 0).length;
  const found = differences.filter((difference) => isShown(difference, shown, text ?? ""));
  const rows = whole ? found : found.slice(0, ROWS_AT_ONCE);
  return (
    <>
      {failed}
      <div className={classes.compared}>
        <strong aria-live="polite">{comparedText(item.data)}</strong>
        <SegmentedControl
          size="xs"
          aria-label="Settings to show"
          value={shown}
          onChange={(value) => setShown(value === "different" ? null : value, ["open"])}
          data={[
            { value: "different", label: `Different ${wholeText(different)}` },
            { value: "not_measured", label: `Not measured ${wholeText(unmeasured)}` },
            { value: "all", label: `All ${wholeText(differences.length)}` },
          ]}
        />
        <TextInput
          size="xs"
          type="search"
          aria-label="Search settings"
          placeholder="Search settings"
          leftSection={<SearchIcon size={14} />}
          value={text ?? ""}
          onChange={(event) => setText(event.currentTarget.value || null, ["open"])}
        />
      </div>
      {rows.length === 0 ? (
        <Empty
          title={text ? "No setting matches this search" : "No setting differs"}
          action={
            text ? (
              <Button variant="default" onClick={() => setText(null)}>
                Clear the search
              </Button>
            ) : undefined
          }
        >
          {text
            ? "Settings on which all hosts agree are not listed."
            : "Where all were measured, these hosts are alike; some settings were not measured on every host."}
        </Empty>
      ) : (
        <ScrollFrame className={explorer.frame} label="Table of settings">
          <table className={`${explorer.table} ${classes.differences}`} aria-label="settings">
            <thead>
              <tr>
                <th scope="col">Setting</th>
                <th scope="col">Values, the most common first</th>
                <th scope="col">Not measured</th>
                <th scope="col">Does not have it</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((difference) => (
                <DifferenceRow key={difference.pointer} difference={difference} />
              ))}
            </tbody>
          </table>
        </ScrollFrame>
      )}
      {found.length > 0 && (
        <div className={explorer.foot}>
          <span className="soft">{plural(found.length, "setting", "settings")}</span>
          {found.length > rows.length && (
            <Button variant="default" onClick={() => setWhole(true)}>
              Show all {wholeText(found.length)}
            </Button>
          )}
        </div>
      )}
    </>
  );
}
