import classes from "./panels.module.css";

/** What was seen, as it was recorded. */
export function EvidenceLines({ lines }: { lines: string[] | string | null | undefined }) {
  const list = Array.isArray(lines) ? lines : lines ? [lines] : [];
  if (list.length === 0) return <span className="soft">No evidence was recorded.</span>;
  return <pre className={classes.evidence}>{list.join("\n")}</pre>;
}

function leafText(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (value === "") return "(empty)";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Branch({ name, value, depth }: { name: string; value: unknown; depth: number }) {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return (
      <li className={`${classes.leaf} mono`}>
        <span className={classes.name}>{name}:</span> {leafText(value)}
      </li>
    );
  }
  const entries = Object.entries(value);
  return (
    <li>
      <details open={depth < 1}>
        <summary className="mono">
          <span className={classes.name}>{name}</span>{" "}
          <span className="soft">
            {Array.isArray(value) ? `${entries.length} entries` : `${entries.length} names`}
          </span>
        </summary>
        <ul>
          {entries.map(([key, child]) => (
            <Branch key={key} name={key} value={child} depth={depth + 1} />
          ))}
        </ul>
      </details>
    </li>
  );
}

/** The engine's own answer about an asset, as it was stored: secrets are redacted before storage. */
export function EvidenceDocument({ value }: { value: unknown }) {
  if (typeof value !== "object" || value === null)
    return <span className="soft">No document was stored.</span>;
  return (
    <ul className={classes.tree}>
      {Object.entries(value).map(([name, child]) => (
        <Branch key={name} name={name} value={child} depth={0} />
      ))}
    </ul>
  );
}

/** A setting's value for people: absent is said, lists are joined, records are written out. */
export function settingText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "not set";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value))
    return value.length === 0 ? "none" : value.map((entry) => settingText(entry)).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, entry]) => `${name}: ${settingText(entry)}`)
      .join(", ");
  }
  return String(value);
}
