import { Link, useLocation } from "react-router";
import type { Query } from "../../api/client";
import type { DefenceGroup, Mechanism, StateCounts } from "../../api/defences";
import { useItem } from "../../api/hooks";
import { shortName } from "../../ui/defences/mechanisms";
import { StateBar, StateLegend } from "../../ui/defences/states";
import explorer from "../../ui/explorer/explorer.module.css";
import matrix from "../../ui/explorer/matrix.module.css";
import { plural, wholeText } from "../../ui/quantities";
import { ScrollFrame } from "../../ui/scrollFrame";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { addressText } from "../../url/view";

const GROUPS_SHOWN = 50;

/** The list of one group: the same filters, and the group's own; null for a group that no filter can name. */
export function addressOfGroup(search: string, by: string, group: string): string | null {
  if (group === "") return null;
  const params = new URLSearchParams(search);
  for (const name of ["group", "open", "cell"]) params.delete(name);
  params.set(by, group);
  return addressText(params);
}

function countsOf(group: DefenceGroup, mechanism: string): StateCounts | null {
  return group.mechanisms.find((entry) => entry.mechanism === mechanism)?.states ?? null;
}

/** The rows that match, counted by what they have in common. A group leads to its rows. */
export function MatrixGroups({
  path,
  query,
  by,
  heading,
  many,
  mechanisms,
}: {
  path: string;
  query: Query;
  by: string;
  heading: string;
  many: string;
  mechanisms: Mechanism[];
}) {
  const { search } = useLocation();
  const assets = many.charAt(0).toUpperCase() + many.slice(1);
  const item = useItem<DefenceGroup[]>(
    `${path}/groups`,
    { ...query, ordering: undefined, by },
    { keep: true },
  );
  if (item.isPending) return <Loading what="the groups" />;
  const groups = item.data ?? [];
  const failed = item.error && (
    <div className={explorer.problem}>
      <ProblemNote problem={item.error} retry={() => void item.refetch()} />
    </div>
  );
  if (groups.length === 0) return failed || <Empty title={`No ${many} match these filters`} />;
  return (
    <>
      {failed}
      <ScrollFrame className={explorer.frame} label={`${many} by ${heading}`}>
        <table className={`${explorer.table} ${matrix.matrix}`} aria-label={`${many} by ${heading}`}>
          <thead>
            <tr>
              <th scope="col">{heading}</th>
              <th scope="col" className={explorer.numeric}>
                {assets}
              </th>
              {mechanisms.map((mechanism) => (
                <th key={mechanism.id} scope="col" className={matrix.narrow} title={mechanism.title}>
                  <span className={matrix.upright}>{shortName(mechanism)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => {
              const address = addressOfGroup(search, by, group.group);
              return (
                <tr key={group.group} className={explorer.still}>
                  <td data-first="">
                    {address ? (
                      <Link className={explorer.rowLink} to={address}>
                        {group.label}
                      </Link>
                    ) : (
                      <span className="soft">cannot be told</span>
                    )}
                  </td>
                  <td className={`${explorer.numeric} ${matrix.figure}`} data-label={assets}>
                    {wholeText(group.assets)}
                  </td>
                  {mechanisms.map((mechanism) => {
                    const counts = countsOf(group, mechanism.id);
                    return (
                      <td key={mechanism.id} className={matrix.narrow} data-label={shortName(mechanism)}>
                        {counts ? <StateBar counts={counts} /> : "–"}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </ScrollFrame>
      <div className={explorer.foot}>
        <span className="soft">
          {plural(groups.length, "group", "groups")}
          {groups.length >= GROUPS_SHOWN ? ", the largest; filter to see others" : ""}
        </span>
        <StateLegend />
      </div>
    </>
  );
}
