import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import type { Grouping } from "../../api/trends";
import { useScope } from "../../url/scope";
import { useAddressValue } from "../../url/useView";

const SPANS = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
];
const USUAL = "90";
const GROUPS: { value: Grouping; label: string }[] = [
  { value: "severity", label: "Severity" },
  { value: "kind", label: "Kind" },
  { value: "environment", label: "Environment" },
  { value: "team", label: "Team" },
];

/** The days of a span that ends now, or at a past moment, in UTC. */
export function daysBack(span: number, asOf: string | null, now = new Date()): { from: string; to?: string } {
  const end = asOf ? new Date(asOf) : now;
  const from = new Date(end.getTime() - span * 86_400_000).toISOString().slice(0, 10);
  return asOf ? { from, to: end.toISOString().slice(0, 10) } : { from };
}

/** How far back charts look and what they are split by, both kept in the address, with what changes them. */
export function useSpan() {
  const { asOf } = useScope();
  const [span, setSpan] = useAddressValue("span");
  const [group, setGroup] = useAddressValue("by");
  const chosen = SPANS.find((one) => one.value === span)?.value ?? USUAL;
  const by = GROUPS.find((one) => one.value === group)?.value ?? "severity";
  const days = useMemo(() => daysBack(Number(chosen), asOf), [chosen, asOf]);
  const controls = (
    <>
      <SegmentedControl
        size="xs"
        aria-label="How far back"
        value={chosen}
        onChange={(value) => setSpan(value === USUAL ? null : value)}
        data={SPANS}
      />
      <SegmentedControl
        size="xs"
        aria-label="Split by"
        value={by}
        onChange={(value) => setGroup(value === "severity" ? null : value)}
        data={GROUPS}
      />
    </>
  );
  return { days, by, controls };
}
