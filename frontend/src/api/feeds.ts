import type { SkippedItem } from "./uploads";

/** Where advisories, or what is known of their use, come from. */
export interface Feed {
  id: number;
  name: string;
  kind: "osv" | "kev" | "epss";
  address: string;
  is_enabled: boolean;
  /** Just now, by any worker. */
  is_reading: boolean;
  interval_seconds: number;
  next_due_at: string | null;
  last_attempt_at: string | null;
  last_success_at: string | null;
  /** In a row. */
  failures: number;
  error: string;
  edition: string;
  /** How old what it says is, in its publisher's words. */
  data_at: string | null;
  entries: number;
  size_bytes: number;
  /** Entries that the last reading changed. */
  changed: number;
  skipped_total: number;
}

export interface FeedDetail extends Feed {
  skipped: SkippedItem[];
}
