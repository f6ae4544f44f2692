import { Menu } from "@mantine/core";
import { Link, useLocation } from "react-router";
import type { Query } from "../../api/client";
import type { DefenceGroup, DefenceState, Mechanism, StateCounts } from "../../api/defences";
import { useItem } from "../../api/hooks";
import { shortName } from "../../ui/defences/mechanisms";
import { countsText, DEFENCE_STATES, StateBar, StateChip } from "../../ui/defences/states";
import { wholeText } from "../../ui/quantities";
import { addressText } from "../../url/view";
import classes from "./defences.module.css";

/** The same list with only the assets on which a mechanism is in one state; null for a state that is no filter. */
export function addressOfState(search: string, mechanism: string, state: DefenceState): string | null {
  if (state === "not_applicable") return null;
  const params = new URLSearchParams(search);
  for (const name of ["open", "cell", "group"]) params.delete(name);
  params.set(state, mechanism);
  return addressText(params);
}

/** How many of the rows that match are in which state, mechanism by mechanism. */
export function useMatchingCounts(path: string, query: Query) {
  const item = useItem<DefenceGroup[]>(
    `${path}/groups`,
    { ...query, ordering: undefined, by: "all" },
    { keep: true },
  );
  return { all: item.data?.[0] ?? null, item };
}

function CountOf({ state, counts }: { state: DefenceState; counts: StateCounts }) {
  return (
    <span className={classes.menuCount}>
      <StateChip state={state} />
      {wholeText(counts[state])}
    </span>
  );
}

/** Under a column's header: a bar of the states, whose menu has the counts and leads to the rows of each. */
export function MatchingCounts({
  path,
  query,
  mechanism,
}: {
  path: string;
  query: Query;
  mechanism: Mechanism;
}) {
  const { search } = useLocation();
  const { all } = useMatchingCounts(path, query);
  const counts = all?.mechanisms.find((entry) => entry.mechanism === mechanism.id)?.states;
  if (!counts) return <span className={classes.noBar} />;
  const present = DEFENCE_STATES.filter((state) => counts[state] > 0);
  return (
    <Menu position="bottom" withinPortal>
      <Menu.Target>
        <button
          type="button"
          className={classes.summaryButton}
          aria-label={`${mechanism.title}, all that match: ${countsText(counts)}`}
        >
          <StateBar counts={counts} upright />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{shortName(mechanism)}</Menu.Label>
        {present.length === 0 && <Menu.Item disabled>none assessed</Menu.Item>}
        {present.map((state) => {
          const address = addressOfState(search, mechanism.id, state);
          return address ? (
            <Menu.Item key={state} component={Link} to={address}>
              <CountOf state={state} counts={counts} />
            </Menu.Item>
          ) : (
            <Menu.Item key={state} component="div">
              <CountOf state={state} counts={counts} />
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
