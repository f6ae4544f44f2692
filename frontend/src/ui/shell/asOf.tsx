import { Button, Popover, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useLocation } from "react-router";
import { showsPast } from "../../url/paths";
import { useScope } from "../../url/scope";
import { ChevronIcon } from "../icons";
import { absoluteText, fromLocalField, toLocalField } from "../quantities";
import classes from "./shell.module.css";

const PRESETS: [label: string, hours: number][] = [
  ["An hour ago", 1],
  ["Yesterday, this time", 24],
  ["A week ago", 24 * 7],
  ["30 days ago", 24 * 30],
];

/** Chooses the moment that the lists show. */
export function AsOfPicker() {
  const { asOf, setAsOf } = useScope();
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState("");
  const moment = fromLocalField(text);
  const choose = (next: string | null) => {
    setOpened(false);
    setAsOf(next);
  };
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-start"
      trapFocus
      onOpen={() => setText(toLocalField(asOf ?? new Date().toISOString()))}
    >
      <Popover.Target>
        <button
          type="button"
          className={classes.control}
          onClick={() => setOpened(!opened)}
          aria-expanded={opened}
        >
          <span>
            As of <strong>{asOf ? absoluteText(asOf) : "now"}</strong>
          </span>
          <ChevronIcon size={12} />
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label="The moment to look at">
        <Stack gap="xs">
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (moment) choose(moment);
            }}
          >
            <Stack gap="xs">
              <TextInput
                type="datetime-local"
                label="Show the fleet as it was at"
                description="In this computer's time zone"
                value={text}
                max={toLocalField(new Date().toISOString())}
                onChange={(event) => setText(event.currentTarget.value)}
              />
              <Button type="submit" disabled={!moment}>
                Look at this moment
              </Button>
            </Stack>
          </form>
          {PRESETS.map(([label, hours]) => (
            <Button
              key={label}
              variant="subtle"
              justify="flex-start"
              onClick={() =>
                choose(`${new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 19)}Z`)
              }
            >
              {label}
            </Button>
          ))}
          <Button variant="subtle" justify="flex-start" onClick={() => choose(null)}>
            Now
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Across the whole width while the past is shown, so that nobody takes it for the present. */
export function PastStrip() {
  const { asOf, setAsOf } = useScope();
  const { pathname } = useLocation();
  if (!asOf) return null;
  return (
    <div className={classes.past} role="status">
      <span>
        You are looking at {absoluteText(asOf)}.
        {!showsPast(pathname) && " This page has no past: it shows the present."}
      </span>
      <button type="button" className={classes.back} onClick={() => setAsOf(null)}>
        back to now
      </button>
    </div>
  );
}
