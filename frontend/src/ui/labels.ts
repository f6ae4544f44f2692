/** `team=platform, rack=7` as a record. A label without a value has the empty one. */
export function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const part of text.split(",")) {
    const [name, ...value] = part.split("=");
    if (name?.trim()) labels[name.trim()] = value.join("=").trim();
  }
  return labels;
}

export function labelsText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => (value ? `${name}=${value}` : name))
    .join(", ");
}
