import type { ConnectionTest, NodeKind } from "../../api/types";
import { Chip } from "../../ui/chips";
import { plural, wholeText } from "../../ui/quantities";
import { ScrollFrame } from "../../ui/scrollFrame";
import classes from "./nodes.module.css";

/** What a connection test found, and what it could not read; `brief` where that was shown in full already. */
export function ConnectionReport({
  test,
  kind,
  brief = false,
}: {
  test: ConnectionTest;
  kind: NodeKind;
  brief?: boolean;
}) {
  if (!test.ok || !test.report) {
    return (
      <div className={classes.failed} role="alert">
        <strong>{test.error?.title ?? "The node could not be read"}</strong>
        {test.error?.detail && <span>{test.error.detail}</span>}
        {test.error?.hint && <span>{test.error.hint}</span>}
      </div>
    );
  }
  const { report } = test;
  const found = [
    report.containers !== null && plural(report.containers, "container", "containers"),
    report.images !== null && plural(report.images, "image", "images"),
    `answered in ${wholeText(test.elapsed_ms)} ms`,
    brief && `${wholeText(report.readable.length)} parts read`,
    brief && report.missing.length > 0 && `${wholeText(report.missing.length)} missing`,
  ];
  return (
    <div className={classes.found} role="status">
      <strong>
        {report.name}: {report.engine} {report.version}
        {kind === "docker" && `, API ${report.api_version}`}
      </strong>
      <span>{found.filter(Boolean).join(", ")}</span>
      {!brief && report.readable.length > 0 && (
        <ul className={classes.parts} aria-label="What was read">
          {report.readable.map((part) => (
            <li key={part}>
              <Chip tone="good">{part}</Chip>
            </li>
          ))}
        </ul>
      )}
      {!brief && report.missing.length > 0 && (
        <>
          <ScrollFrame className={classes.missing} label="What is missing">
            <ul>
              {report.missing.map((part) => (
                <li key={part}>{part}</li>
              ))}
            </ul>
          </ScrollFrame>
          <span className="soft">
            What is missing is shown as “not measured” and never counted as passed.
          </span>
        </>
      )}
    </div>
  );
}
