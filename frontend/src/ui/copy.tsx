import { Button } from "@mantine/core";
import { useState } from "react";
import { CopyIcon } from "./icons";

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

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  return (
    <Button
      variant="default"
      leftSection={<CopyIcon size={14} />}
      onClick={async () => {
        setState((await copyText(text)) ? "copied" : "refused");
        window.setTimeout(() => setState("idle"), 2500);
      }}
    >
      {state === "copied" ? "Copied" : state === "refused" ? "Copy by hand, please" : label}
    </Button>
  );
}
