/** The steps of the wizard that adds a node, in their order. */
export const STEPS = ["Node", "Credential", "Schedule"] as const;

const TARGET = new Set(["kind", "address", "reads_host", "use_sudo"]);

/** The first step with a field that the server did not accept; the last one for what no step asks for. */
export function stepOf(fields: Record<string, string>): number {
  const steps = Object.keys(fields).map((field) =>
    TARGET.has(field) ? 0 : field.startsWith("credential") || field === "allow_plaintext" ? 1 : 2,
  );
  return steps.length > 0 ? Math.min(...steps) : STEPS.length - 1;
}
