import { Select } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { CopyBlock } from "../../ui/copy";
import { Panel } from "../../ui/page";
import { useEnvironments } from "../../ui/shell/scopeSelect";
import { useCarry } from "../../url/scope";
import classes from "./gate.module.css";
import { githubText, gitlabText, imageCommand, plainCommand, reportCommand } from "./pipelineText";

/** What to paste into a pipeline, with this server's address and an environment of its own. */
export function Pipeline() {
  const to = useCarry();
  const environments = useEnvironments();
  const [chosen, setChosen] = useState<string | null>(null);
  const slug = chosen ?? environments[0]?.slug ?? "production";
  const server = window.location.origin;
  return (
    <div className={classes.pipeline}>
      <Panel title="What a pipeline needs">
        <div className={classes.needs}>
          <p>
            A <Link to={to("/tokens")}>token</Link> that may read and write, of somebody who may ask the gate,
            kept as the secret <code>PLIMSOLL_TOKEN</code> of the pipeline. Send what a scanner said of the
            image that was just built, in any format that is read, or an SBOM: it is judged and not kept. An
            image that is known here can be named instead.
          </p>
          <p>
            The answer is 200 whether the image is allowed or refused; read <code>allowed</code>. What is no
            answer (a wrong token, an unreadable report, a server that is away) must not pass for one: each of
            these commands fails then.
          </p>
          <Select
            className={classes.short}
            label="Environment"
            description="Whose policy holds"
            data={environments.map((known) => ({ value: known.slug, label: known.name }))}
            value={slug}
            allowDeselect={false}
            onChange={setChosen}
          />
        </div>
      </Panel>
      <Panel title="GitHub Actions">
        <CopyBlock text={githubText(server, slug)} label="Copy the steps for GitHub Actions" />
      </Panel>
      <Panel title="GitLab CI">
        <CopyBlock text={gitlabText(server, slug)} label="Copy the job for GitLab CI" />
      </Panel>
      <Panel title="A report in hand">
        <CopyBlock text={reportCommand(server, slug)} label="Copy the command that sends a report" />
      </Panel>
      <Panel title="An image that is known here">
        <CopyBlock text={imageCommand(server, slug)} label="Copy the command that names an image" />
      </Panel>
      <Panel title="Without jq">
        <CopyBlock text={plainCommand(server, slug)} label="Copy the command without jq" />
      </Panel>
    </div>
  );
}
