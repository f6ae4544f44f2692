import { SegmentedControl, Select, Stack } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useItem } from "../../api/hooks";
import type { Host, Image, Page } from "../../api/types";
import classes from "./uploads.module.css";

/** What a report is about, as the form's fields say it. */
export interface AboutChoice {
  kind: "itself" | "image" | "host";
  /** Digest or name of an image, or id of a host. */
  value: string | null;
}

export function aboutFields(about: AboutChoice): Record<string, string> {
  return about.kind === "itself" || !about.value ? {} : { [about.kind]: about.value };
}

const KINDS = [
  { value: "itself", label: "what it says itself" },
  { value: "image", label: "an image" },
  { value: "host", label: "a host" },
];

/** The images that are found, and what was typed itself: a digest may be known to the server though no search finds it. */
export function imageOptions(images: Pick<Image, "name" | "digest">[], typed: string) {
  const found = images.map((image) => ({
    value: image.digest,
    label: `${image.name} (${image.digest.replace(/^sha256:/, "").slice(0, 12)})`,
  }));
  const text = typed.trim();
  const isFound = found.some(({ value, label }) => value === text || label === text);
  return text && !isFound ? [...found, { value: text, label: `as typed: ${text}` }] : found;
}

function AssetSelect({
  kind,
  value,
  disabled,
  onChange,
}: {
  kind: "image" | "host";
  value: string | null;
  disabled: boolean;
  onChange: (value: string | null) => void;
}) {
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text.trim(), 200);
  // Once chosen, the field holds the label of the choice, which finds nothing.
  const term = search.replace(/ \([0-9a-f]{12}\)$/, "");
  const found = useItem<Page<Image & Host>>(
    kind === "image" ? "/images" : "/hosts",
    { search: term.startsWith("as typed: ") ? "" : term, limit: 20 },
    { keep: true },
  );
  const rows = found.data?.results ?? [];
  const options =
    kind === "image"
      ? imageOptions(rows, text.startsWith("as typed: ") ? text.slice(10) : term)
      : rows.map((host) => ({ value: String(host.id), label: host.name }));
  return (
    <Select
      label={kind === "image" ? "Image" : "Host"}
      description={kind === "image" ? "By name or digest" : undefined}
      placeholder="search"
      searchable
      clearable
      disabled={disabled}
      data={options}
      filter={({ options: all }) => all}
      nothingFoundMessage={
        found.isFetching ? "Searching …" : found.error ? found.error.title : `No ${kind} has such a name`
      }
      searchValue={text}
      onSearchChange={setText}
      value={value}
      onChange={onChange}
    />
  );
}

/** Whether the sender says what the reports are about, for formats that do not. */
export function AboutInputs({
  about,
  disabled,
  onChange,
}: {
  about: AboutChoice;
  disabled: boolean;
  onChange: (about: AboutChoice) => void;
}) {
  return (
    <Stack gap="xs">
      <div>
        <span id="about-kind" className={classes.label}>
          Each is about
        </span>
        <SegmentedControl
          fullWidth
          aria-labelledby="about-kind"
          data={KINDS}
          disabled={disabled}
          value={about.kind}
          onChange={(kind) => onChange({ kind: kind as AboutChoice["kind"], value: null })}
        />
      </div>
      {about.kind === "itself" ? (
        <p className="soft">
          Most reports of images name theirs. What a tool says of a host, such as Docker Bench, names none.
        </p>
      ) : (
        <AssetSelect
          key={about.kind}
          kind={about.kind}
          value={about.value}
          disabled={disabled}
          onChange={(value) => onChange({ ...about, value })}
        />
      )}
    </Stack>
  );
}
