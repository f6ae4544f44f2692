import { Autocomplete } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useList } from "../../api/hooks";
import type { Node } from "../../api/types";
import { useAddressValue } from "../../url/useView";
import { splitValues } from "../../url/view";
import classes from "./defences.module.css";

/** The labels of these nodes, each as `key=value`, the most frequent first. */
export function labelsOf(nodes: Pick<Node, "labels">[]): string[] {
  const counts = new Map<string, number>();
  for (const { labels } of nodes) {
    for (const [key, value] of Object.entries(labels)) {
      const label = `${key}=${value}`;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([label]) => label);
}

/** Chooses hosts by a label of their nodes. Labels have no counts, so they are typed, helped by those of some nodes. */
export function LabelField() {
  const [labels, setLabels] = useAddressValue("label");
  const [text, setText] = useState("");
  const [asked, setAsked] = useState(false);
  const nodes = useList<Node>("/nodes", { limit: 200 }, { enabled: asked });
  const known = labelsOf(nodes.data?.pages.flatMap((page) => page.results) ?? []);
  const add = (label: string) => {
    const value = label.trim().replaceAll(",", "\\,");
    if (!value) return;
    setLabels([...new Set([...splitValues(labels ?? ""), value])].join(","), ["open", "cell"]);
    setText("");
  };
  return (
    <form
      className={classes.label}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        add(text);
      }}
    >
      <Autocomplete
        size="xs"
        aria-label="Only hosts with the label"
        placeholder="Label key=value"
        limit={20}
        data={known}
        value={text}
        onFocus={() => setAsked(true)}
        onChange={setText}
        onOptionSubmit={(label) => {
          add(label);
          // Mantine puts the chosen value into the field after this.
          window.setTimeout(() => setText(""));
        }}
      />
    </form>
  );
}
