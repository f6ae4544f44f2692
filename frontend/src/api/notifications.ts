import type { EnvironmentRef } from "./types";

export type Cause = "reminder" | "suspension" | "digest" | "test";
export type MessageState = "waiting" | "sent" | "failed" | "shown";
export type Frequency = "daily" | "working_days" | "weekly";

/** Whether anything can be told, and what could not be. */
export interface Notifications {
  mail_server: { host: string; sender: string; is_encrypted: boolean } | null;
  /** What links in messages begin with; empty: nobody said. */
  url: string;
  /** Null for who may not know. */
  people_without_address: number | null;
  waiting: number;
  failed: number;
}

/** When whom is reminded of a finding that stays: days after it is due, before it where negative; null: left out. */
export interface Reminders {
  is_enabled: boolean;
  /** In UTC. */
  hour: number;
  owner_days: number | null;
  team_days: number | null;
  manager_days: number | null;
  walked_at: string | null;
  next_at: string | null;
  reached: number;
  told: number;
  /** Without an owner, or of a team without members or manager. */
  untold: number;
}

export interface Webhook {
  id: number;
  name: string;
  /** Scheme, host and port: the rest of the address is never told again. */
  origin: string;
  environment: EnvironmentRef | null;
  causes: ("reminder" | "suspension")[];
  is_enabled: boolean;
  created_at: string;
  last_sent_at: string | null;
  last_error: string;
}

export interface NewWebhook extends Webhook {
  /** Signs what is sent there. It is told this once. */
  key: string;
}

export interface Digest {
  id: number;
  owner: string;
  /** Null: to the owner, by e-mail. */
  webhook: string | null;
  environment: EnvironmentRef | null;
  frequency: Frequency;
  /** In UTC. */
  hour: number;
  next_at: string;
  last_at: string | null;
}

export interface Message {
  id: number;
  cause: Cause;
  subject: string;
  to: string;
  is_to_webhook: boolean;
  state: MessageState;
  attempts: number;
  created_at: string;
  next_at: string | null;
  sent_at: string | null;
  error: string;
}

export interface MessageDetail extends Message {
  text: string;
}
