import { Link } from "react-router";
import type { Affected } from "../../api/affected";
import { Chip } from "../../ui/chips";
import { useNow } from "../../ui/clock";
import { absoluteText, plural, relativeText, shareText, wholeText } from "../../ui/quantities";
import { SeverityWord } from "../../ui/severity";
import { useCarry } from "../../url/scope";
import classes from "./affected.module.css";

export type Verdict = "affected" | "undecided" | "unaffected" | "unknown";

/** What the answer comes to. Packages whose version cannot be compared leave it open. */
export function verdictOf(answer: Affected): Verdict {
  if (answer.images_total > 0 || answer.hosts_total > 0) return "affected";
  if (!answer.known) return "unknown";
  return answer.undecidable.length > 0 ? "undecided" : "unaffected";
}

/** `12 images, 40 containers on 9 hosts in 2 environments`. */
export function reachText(answer: Affected): string {
  const images = plural(answer.images_total, "image", "images");
  if (answer.containers_total === 0) return `${images}, of which no container runs`;
  const environments = answer.environments.length;
  return (
    `${images}, ${plural(answer.containers_total, "container", "containers")} on ` +
    plural(answer.hosts_total, "host", "hosts") +
    (environments > 0 ? ` in ${plural(environments, "environment", "environments")}` : "")
  );
}

const TONES = { affected: "bad", undecided: "warn", unaffected: "good", unknown: "unknown" } as const;
const WORDS: Record<Affected["about"], Record<Verdict, string>> = {
  vulnerability: {
    affected: "affected",
    undecided: "not decided",
    unaffected: "not affected",
    unknown: "not known",
  },
  package: { affected: "found", undecided: "not decided", unaffected: "not found", unknown: "not known" },
};

function sentence(answer: Affected, verdict: Verdict, asked: string): string {
  if (verdict === "affected") return reachText(answer);
  if (verdict === "undecided") {
    const count = plural(answer.undecidable.length, "package has a version", "packages have versions");
    return `Nothing is found, but ${count} that cannot be compared`;
  }
  if (verdict === "unknown") return `Nothing here knows of ${asked}: that is not the same as unaffected`;
  if (answer.about === "package") return "No image here holds such a package, as far as is known";
  const held = answer.packages_total > 0 ? ": no image here holds one of the packages that are named" : "";
  return `Not affected, as far as is known${held}`;
}

/** Which feeds the answer rests on and how old they are: it is worth as much as they are. */
function Basis({ answer }: { answer: Affected }) {
  const now = useNow();
  const to = useCarry();
  if (answer.about === "package") {
    return <>What is known here comes from the packages that tools named in the images.</>;
  }
  if (answer.feeds.length === 0) {
    return (
      <>
        No <Link to={to("/feeds")}>feed of advisories</Link> was read, so it rests on the reports of other
        tools alone.
      </>
    );
  }
  return (
    <>
      What is known here comes from the reports of other tools and from{" "}
      {answer.feeds.map((feed, index) => (
        <span key={feed.name}>
          {index > 0 && ", "}
          {feed.name} (read{" "}
          <span title={absoluteText(feed.last_success_at)}>{relativeText(feed.last_success_at, now)}</span>
          {feed.data_at && (
            <>
              , its newest entry of{" "}
              <span title={absoluteText(feed.data_at)}>{relativeText(feed.data_at, now)}</span>
            </>
          )}
          )
        </span>
      ))}
      .
    </>
  );
}

function Known({ vulnerability }: { vulnerability: NonNullable<Affected["vulnerability"]> }) {
  const to = useCarry();
  return (
    <div className={classes.known}>
      <strong>{vulnerability.key}</strong>
      {vulnerability.severity && <SeverityWord severity={vulnerability.severity} />}
      {vulnerability.exploited_since && (
        <Chip tone="bad">exploited since {vulnerability.exploited_since}</Chip>
      )}
      {vulnerability.epss !== null && (
        <span title="How likely it is to be exploited within 30 days, by FIRST">
          EPSS {vulnerability.epss < 0.01 ? "below 1 %" : shareText(vulnerability.epss)}
        </span>
      )}
      <Link to={to("/findings", { vulnerability: vulnerability.key })}>Findings</Link>
      {vulnerability.title && <span className={classes.title}>{vulnerability.title}</span>}
    </div>
  );
}

/** The answer in one line, with what it rests on. */
export function VerdictPanel({
  answer,
  asked,
  isNarrowed = false,
}: {
  answer: Affected;
  asked: string;
  /** Only a part of the environments is looked at. */
  isNarrowed?: boolean;
}) {
  const verdict = verdictOf(answer);
  return (
    <section className={`${classes.verdict} ${classes[verdict]}`} aria-label="Answer" aria-live="polite">
      <Chip tone={TONES[verdict]}>{WORDS[answer.about][verdict]}</Chip>
      <p className={classes.line}>
        {sentence(answer, verdict, asked)}.
        {isNarrowed && verdict !== "unknown" && " Only the environment that is chosen above was looked at."}
      </p>
      {answer.vulnerability && <Known vulnerability={answer.vulnerability} />}
      <p className="soft">
        <Basis answer={answer} />
        {answer.advisories > 0 &&
          ` ${plural(answer.advisories, "advisory speaks", "advisories speak")} of it, ` +
            `${wholeText(answer.packages_total)} of the packages known here ${answer.packages_total === 1 ? "is" : "are"} named.`}
      </p>
    </section>
  );
}
