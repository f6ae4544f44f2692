import type { Upload, UploadState } from "../../api/uploads";
import { AssetLink } from "../../ui/assetLink";
import { Chip } from "../../ui/chips";
import { wholeText } from "../../ui/quantities";

const STATES: Record<UploadState, { tone: "good" | "bad" | "warn" | "unknown" | "plain"; words: string }> = {
  queued: { tone: "unknown", words: "queued" },
  running: { tone: "plain", words: "running" },
  imported: { tone: "good", words: "imported" },
  unchanged: { tone: "good", words: "nothing new" },
  partial: { tone: "warn", words: "partly read" },
  failed: { tone: "bad", words: "failed" },
  cancelled: { tone: "plain", words: "cancelled" },
};

export function UploadChip({ upload }: { upload: Upload }) {
  const stopping = uploadIsLive(upload) && upload.cancel_requested;
  const { tone, words } = STATES[upload.state] ?? { tone: "plain", words: upload.state };
  return <Chip tone={tone}>{stopping ? "cancelling" : words}</Chip>;
}

export function uploadIsLive(upload: Upload): boolean {
  return upload.state === "queued" || upload.state === "running";
}

const SOURCES: Record<Upload["source"], string> = {
  upload: "browser or API",
  command: "command line",
  folder: "drop folder",
};

/** By whom and how: `ada, browser or API`. */
export function senderText(upload: Upload): string {
  const how = SOURCES[upload.source] ?? upload.source;
  return upload.uploaded_by ? `${upload.uploaded_by}, ${how}` : how;
}

/** Seconds from the first look at the file to the end, or to `now` while it is read. */
export function tookSeconds(upload: Upload, now: number): number | null {
  if (!upload.started_at) return null;
  const end = upload.finished_at ? new Date(upload.finished_at).getTime() : now;
  return Math.max(0, (end - new Date(upload.started_at).getTime()) / 1000);
}

/** What the sender said that it is about; most reports say so themselves. */
export function About({ upload }: { upload: Upload }) {
  return upload.about ? <AssetLink asset={upload.about} /> : <span className="soft">as it says itself</span>;
}

/** A number of the result, which there is none of before something was read. */
export function resultText(upload: Upload, value: number): string {
  return upload.state === "queued" || (upload.state === "failed" && value === 0) ? "–" : wholeText(value);
}
