import { Button } from "@mantine/core";
import { Link, useLocation } from "react-router";
import type { Query } from "../../api/client";
import { useList } from "../../api/hooks";
import type { FindingGroup, Severity } from "../../api/types";
import { countText, loadText, wholeText } from "../../ui/quantities";
import { ScrollFrame } from "../../ui/scrollFrame";
import { SeverityGlyph, SeverityWord } from "../../ui/severity";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { addressText } from "../../url/view";
import classes from "./findings.module.css";

export type Grouping = "check" | "fix" | "vulnerability" | "package" | "host" | "image" | "owner";

export const GROUPINGS: { value: Grouping; label: string }[] = [
  { value: "fix", label: "Fix" },
  { value: "check", label: "Check" },
  { value: "vulnerability", label: "Vulnerability" },
  { value: "package", label: "Package" },
  { value: "host", label: "Host" },
  { value: "image", label: "Image" },
  { value: "owner", label: "Owner" },
];

/** `12 of 230`: on how many of the assets it could be on. */
export function assetsText(group: FindingGroup): string {
  return group.assets_total === null || group.assets_total === undefined
    ? wholeText(group.assets)
    : `${wholeText(group.assets)} of ${wholeText(group.assets_total)}`;
}

/** The findings of the same filters, counted by what they have in common. A group leads to its findings. */
export function FindingGroups({ by, query }: { by: Grouping; query: Query }) {
  const { search } = useLocation();
  const list = useList<FindingGroup>("/findings/groups", { ...query, ordering: undefined, by });
  const groups = list.data?.pages.flatMap((page) => page.results) ?? [];
  const count = list.data?.pages[0]?.count;
  const address = (key: string) => {
    const params = new URLSearchParams(search);
    params.delete("group");
    params.delete("open");
    if (by === "image") {
      params.set("asset_kind", "image");
      params.set("asset", key);
    } else params.set(by === "fix" ? "mended_by" : by, key);
    return addressText(params);
  };
  if (list.isPending) return <Loading what="the groups" />;
  if (list.error && groups.length === 0) {
    return (
      <div className={classes.note}>
        <ProblemNote problem={list.error} retry={() => void list.refetch()} />
      </div>
    );
  }
  if (groups.length === 0) return <Empty title="No finding matches these filters" />;
  return (
    <>
      <ScrollFrame className={classes.frame} label={`Findings by ${by}`}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{GROUPINGS.find((one) => one.value === by)?.label}</th>
              <th scope="col">Worst</th>
              <th scope="col" className={classes.number}>
                Findings
              </th>
              <th scope="col" className={classes.number}>
                Assets
              </th>
              <th scope="col" className={classes.number}>
                Most points
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={group.key}>
                <td>
                  <SeverityGlyph severity={group.severity as Severity} />{" "}
                  <Link className={classes.link} to={address(group.key)}>
                    {group.title}
                  </Link>
                </td>
                <td>
                  <SeverityWord severity={group.severity as Severity} />
                </td>
                <td className={classes.number}>{wholeText(group.findings)}</td>
                <td className={classes.number}>{assetsText(group)}</td>
                <td className={classes.number}>
                  <strong>{loadText(group.points_max)}</strong>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
      <div className={classes.foot}>
        <span className="soft">
          {count ? countText(count) : groups.length} {count?.value === 1 ? "group" : "groups"}
        </span>
        {list.hasNextPage && (
          <Button
            variant="default"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Load more
          </Button>
        )}
      </div>
    </>
  );
}
