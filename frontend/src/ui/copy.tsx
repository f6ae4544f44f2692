import { ActionIcon, Button } from "@mantine/core";
import { useState } from "react";
import classes from "./copy.module.css";
import { CheckedIcon, CopyIcon } from "./icons";

/** Puts text on the clipboard. Plain HTTP pages have no clipboard interface, so a selection is the second way. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.className = "spoken";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

type CopyState = "idle" | "copied" | "refused";

/** How the last copy went, for a moment, and the way to make one. */
function useCopy(text: string): [CopyState, () => Promise<void>] {
  const [state, setState] = useState<CopyState>("idle");
  const copy = async () => {
    setState((await copyText(text)) ? "copied" : "refused");
    window.setTimeout(() => setState("idle"), 2500);
  };
  return [state, copy];
}

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [state, copy] = useCopy(text);
  return (
    <Button variant="default" leftSection={<CopyIcon size={14} />} onClick={copy}>
      {state === "copied" ? "Copied" : state === "refused" ? "Copy by hand, please" : label}
    </Button>
  );
}

/** Lines for a terminal or a file, with a button that copies all of them. */
export function CopyBlock({ text, label }: { text: string; label: string }) {
  const [state, copy] = useCopy(text);
  const said = state === "copied" ? "Copied" : state === "refused" ? "Copy by hand, please" : label;
  return (
    <div className={classes.block}>
      <pre>{text}</pre>
      <ActionIcon variant="subtle" size={28} aria-label={said} title={said} onClick={copy}>
        {state === "copied" ? <CheckedIcon size={16} /> : <CopyIcon size={16} />}
      </ActionIcon>
      <span className="spoken" aria-live="polite">
        {state === "idle" ? "" : said}
      </span>
    </div>
  );
}
