import { useMemo } from "react";
import type { Defence, Mechanism } from "../../api/defences";
import { useItem, useList } from "../../api/hooks";
import { useScope } from "../../url/scope";

/** Headers of columns, where a title would be too long. A mechanism that is not named here shows its title. */
const SHORT: Record<string, string> = {
  "mandatory-access-control": "SELinux, AppArmor",
  "user-namespace-remapping": "Remapped root",
  "unprivileged-user-namespaces": "User namespaces",
  "module-signing": "Signed modules",
  "bpf-jit": "BPF compiler",
  "address-leaks": "Hidden addresses",
  "address-randomisation": "ASLR",
  "protected-files": "Links and FIFOs",
  "cpu-mitigations": "Processor flaws",
  "runtime-sensor": "Sensor",
  firewall: "Firewall",
  lockdown: "Lockdown",
  "no-new-privileges": "No new privileges",
  "reduced-capabilities": "Capabilities",
  "security-label": "Security label",
  "resource-limits": "Limits",
  "masked-paths": "Masked paths",
  "host-mounts": "No host mounts",
  "read-only-root": "Read-only root",
};

export function shortName(mechanism: Mechanism): string {
  return SHORT[mechanism.id] ?? mechanism.title;
}

/** `container escape` for the class of weakness `container-escape`. */
export function weaknessWords(weakness: string): string {
  return weakness.replaceAll("-", " ");
}

/** The mechanisms of hosts or of containers, in the order of the matrix. */
export function useMechanisms(kind: Mechanism["kind"]) {
  const item = useItem<Mechanism[]>("/mechanisms");
  const mechanisms = useMemo(
    () => item.data?.filter((mechanism) => mechanism.kind === kind) ?? null,
    [item.data, kind],
  );
  return { mechanisms, error: item.error, refetch: item.refetch };
}

/** Every cell of one asset's row with its evidence, by mechanism; null while it is being read. */
export function useDefences(asset: string) {
  const { asOf } = useScope();
  const list = useList<Defence>("/defences", { asset, limit: 200, as_of: asOf });
  // Of another asset: the list keeps what it showed until the new answer is there.
  const fresh = list.data && !list.isPlaceholderData ? list.data : null;
  const cells = useMemo(
    () =>
      fresh
        ? new Map(fresh.pages.flatMap((page) => page.results).map((cell) => [cell.mechanism, cell]))
        : null,
    [fresh],
  );
  return { cells, error: list.error, refetch: list.refetch };
}
