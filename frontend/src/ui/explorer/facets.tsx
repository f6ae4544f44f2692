import { useState } from "react";
import type { Facet, FacetValue, Severity } from "../../api/types";
import { toggled, type View } from "../../url/view";
import { ChevronIcon } from "../icons";
import { countText, wholeText, wordsOf } from "../quantities";
import { SeverityGlyph } from "../severity";
import type { Filter } from "./definition";
import classes from "./explorer.module.css";

const SHORT = 8;

type CountedFacet = Omit<Facet, "values"> & {
  values: { value: string; label: string; count: FacetValue["count"] | null }[];
};

/** A long facet shows what there is, most first; a short one keeps its order, so that its zeros can be read. */
export function worthShowing(values: CountedFacet["values"], chosen: string[]): CountedFacet["values"] {
  if (values.length <= SHORT) return values;
  return values
    .filter((value) => (value.count?.value ?? 0) > 0 || chosen.includes(value.value))
    .sort((one, other) => (other.count?.value ?? 0) - (one.count?.value ?? 0));
}

function FacetGroup({
  facet,
  chosen,
  toggle,
}: {
  facet: CountedFacet;
  chosen: string[];
  toggle: (value: string) => void;
}) {
  const [closed, setClosed] = useState(false);
  const [all, setAll] = useState(false);
  // What is chosen stays on the list even when nothing is left of it, or it could not be switched off here.
  const missing = chosen.filter((value) => !facet.values.some((known) => known.value === value));
  const values = [
    ...worthShowing(facet.values, chosen),
    ...missing.map((value) => ({ value, label: wordsOf(value), count: null })),
  ];
  if (values.length === 0) return null;
  const shown = all ? values : values.filter((value, index) => index < SHORT || chosen.includes(value.value));
  return (
    <section className={classes.facet}>
      <h2>
        <button
          type="button"
          className={classes.facetHead}
          aria-expanded={!closed}
          onClick={() => setClosed(!closed)}
        >
          {facet.label}
          <span className={closed ? classes.turned : undefined}>
            <ChevronIcon size={12} />
          </span>
        </button>
      </h2>
      {!closed && (
        <ul className={classes.facetValues}>
          {shown.map((value) => (
            <li key={value.value}>
              <button
                type="button"
                className={classes.facetValue}
                aria-pressed={chosen.includes(value.value)}
                onClick={() => toggle(value.value)}
              >
                <span className={classes.facetLabel}>
                  {facet.name === "severity" && <SeverityGlyph severity={value.value as Severity} />}
                  <span className={classes.cut} title={value.label}>
                    {value.label || "none"}
                  </span>
                </span>
                <span className={classes.facetCount}>{value.count ? countText(value.count) : ""}</span>
              </button>
            </li>
          ))}
          {values.length > SHORT && (
            <li>
              <button type="button" className={classes.more} onClick={() => setAll(!all)}>
                {all ? "fewer" : `${wholeText(values.length - SHORT)} more`}
              </button>
            </li>
          )}
        </ul>
      )}
    </section>
  );
}

/** The facets of a list: each value with how many rows it would show, several values of one facet widen. */
export function Facets({
  facets,
  filters,
  definitions,
  hidden,
  onChange,
}: {
  facets: Facet[];
  filters: View["filters"];
  definitions: Filter[];
  /** Filters that the page itself sets. */
  hidden: string[];
  onChange: (filters: View["filters"]) => void;
}) {
  const uncounted: CountedFacet[] = definitions
    .filter((filter) => filter.choices && !facets.some((facet) => facet.name === filter.name))
    .map(({ name, label, choices = [] }) => ({
      name,
      label,
      values: choices.map((choice) => ({ ...choice, count: null })),
    }));
  const single = (name: string) => definitions.some((filter) => filter.name === name && filter.single);
  const worded = facets.map((facet) => {
    const words = definitions.find((filter) => filter.name === facet.name)?.words;
    if (!words) return facet;
    // Where the server has no words for a value it gives the value itself.
    const label = (known: FacetValue) => (known.label === known.value ? words(known.value) : known.label);
    return { ...facet, values: facet.values.map((known) => ({ ...known, label: label(known) })) };
  });
  const shown = [...worded, ...uncounted].filter(
    (facet) => !hidden.includes(facet.name) && (facet.values.length > 0 || filters[facet.name]),
  );
  return (
    <>
      {shown.map((facet) => (
        <FacetGroup
          key={facet.name}
          facet={facet}
          chosen={filters[facet.name] ?? []}
          toggle={(value) => onChange(toggled(filters, facet.name, value, single(facet.name)))}
        />
      ))}
    </>
  );
}
