import type { AssetRef } from "./types";

/** What could not be read of a report or feed, and why. */
export interface SkippedItem {
  kind: string;
  where: string;
  reason: string;
}

export type UploadState =
  | "queued"
  | "running"
  | "imported"
  | "unchanged"
  | "partial"
  | "failed"
  | "cancelled";

/** A report of another tool that was sent to us, and what came of it. */
export interface Upload {
  id: number;
  file_name: string;
  size_bytes: number;
  digest: string;
  source: "upload" | "command" | "folder";
  uploaded_by: string | null;
  /** What the sender says that it is about; null when the report says so itself. */
  about: AssetRef | null;
  state: UploadState;
  cancel_requested: boolean;
  reader: string;
  images: number;
  findings: number;
  opened: number;
  reopened: number;
  resolved: number;
  skipped_total: number;
  error: string;
  uploaded_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export interface UploadDetail extends Upload {
  skipped: SkippedItem[];
}
