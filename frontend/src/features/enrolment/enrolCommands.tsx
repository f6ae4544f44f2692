import { Stack, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { CopyBlock } from "../../ui/copy";
import { bringCommands, enrolCommands, hostProblem, SERVICE_COMMANDS, serverAt } from "./commands";
import classes from "./enrolment.module.css";

function Step({ title, children }: { title: string; children: ReactNode }) {
  return (
    <li>
      <div className={classes.step}>
        <strong>{title}</strong>
        {children}
      </div>
    </li>
  );
}

/** What to do on the host, with the exact commands. `token` is the part that shows the token, where it is known. */
export function EnrolCommands({ token }: { token?: ReactNode }) {
  const [host, setHost] = useState("");
  const server = serverAt(window.location);
  return (
    <Stack gap="md">
      <TextInput
        label="The host, as this server reaches it"
        description="A name or an IP address, for the commands below; empty if its own name will do"
        placeholder="web-1.example.org"
        autoComplete="off"
        spellCheck={false}
        value={host}
        error={hostProblem(host)}
        onChange={(event) => setHost(event.currentTarget.value)}
      />
      <ol className={classes.steps}>
        <Step title="Bring the probe to the host">
          <span className="soft">
            In Plimsoll's source. It is one file for every Linux host with Python 3.6 or newer and openssl.
          </span>
          <CopyBlock text={bringCommands(host)} label="Copy the commands that bring the probe to the host" />
        </Step>
        <Step title="Enrol, as root on the host">
          <CopyBlock text={enrolCommands(server, host)} label="Copy the commands that enrol the host" />
          {server.isPlaintext && (
            <span className={classes.warning}>
              This page was opened without TLS: anybody on the way to the host can read the tokens. Open it at
              its https:// address if it has one.
            </span>
          )}
          {server.isLoopback && (
            <span className={classes.warning}>
              {server.origin} is this machine only. For another host, write the address at which it reaches
              this server.
            </span>
          )}
          <span className="soft">
            It waits for the token: paste it and press Enter. Add <code>--ca FILE</code> if the server's
            certificate is of your own authority.
          </span>
          {token}
        </Step>
        <Step title="Start the agent, now and at every boot">
          <CopyBlock text={SERVICE_COMMANDS} label="Copy the commands that start the agent" />
        </Step>
      </ol>
    </Stack>
  );
}
