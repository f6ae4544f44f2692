import { Link, useLocation } from "react-router";
import type { Query } from "../../api/client";
import type { Mechanism } from "../../api/defences";
import { weaknessWords } from "../../ui/defences/mechanisms";
import { DEFENCE_STATES, StateBar, stateTitle } from "../../ui/defences/states";
import explorer from "../../ui/explorer/explorer.module.css";
import { plural, wholeText, wordsOf } from "../../ui/quantities";
import { ScrollFrame } from "../../ui/scrollFrame";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import classes from "./defences.module.css";
import { addressOfState, useMatchingCounts } from "./matchingCounts";

/** The matrix turned: a row a mechanism, and how many of the assets that match are in which state. */
export function MechanismCounts({
  path,
  query,
  one,
  many,
  mechanisms,
}: {
  path: string;
  query: Query;
  one: string;
  many: string;
  mechanisms: Mechanism[];
}) {
  const { search } = useLocation();
  const { all, item } = useMatchingCounts(path, query);
  if (item.isPending) return <Loading what="the counts" />;
  const failed = item.error && (
    <div className={explorer.problem}>
      <ProblemNote problem={item.error} retry={() => void item.refetch()} />
    </div>
  );
  if (!all || all.assets === 0) return failed || <Empty title={`No ${one} matches these filters`} />;
  return (
    <>
      {failed}
      <ScrollFrame className={explorer.frame} label={`${many} by mechanism`}>
        <table className={explorer.table} aria-label={`${many} by mechanism`}>
          <thead>
            <tr>
              <th scope="col">Mechanism</th>
              <th scope="col">Share</th>
              {DEFENCE_STATES.map((state) => (
                <th key={state} scope="col" className={explorer.numeric}>
                  {stateTitle(state)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {mechanisms.map((mechanism) => {
              const counts = all.mechanisms.find((entry) => entry.mechanism === mechanism.id)?.states;
              if (!counts) return null;
              return (
                <tr key={mechanism.id} className={explorer.still}>
                  <td data-first="" className={classes.mechanism}>
                    {mechanism.title}
                    <div className={classes.blunts}>
                      {mechanism.blunts.map((weakness) => weaknessWords(weakness.id)).join(", ")}
                    </div>
                  </td>
                  <td data-label="Share" className={classes.share}>
                    <StateBar counts={counts} />
                  </td>
                  {DEFENCE_STATES.map((state) => {
                    const address = counts[state] > 0 ? addressOfState(search, mechanism.id, state) : null;
                    return (
                      <td key={state} className={explorer.numeric} data-label={stateTitle(state)}>
                        {address ? (
                          <Link
                            to={address}
                            className={classes.count}
                            aria-label={`${wholeText(counts[state])} ${wordsOf(state)}: ${mechanism.title}`}
                          >
                            {wholeText(counts[state])}
                          </Link>
                        ) : (
                          <span className="soft">{wholeText(counts[state])}</span>
                        )}
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
        <span className="soft">{plural(all.assets, `${one} matches`, `${many} match`)}</span>
      </div>
    </>
  );
}
