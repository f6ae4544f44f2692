/** Who signed an image, and what each environment makes of it. */

export type SignatureOutcome = "verified" | "untrusted" | "unsigned" | "not_measured";

export interface Signature {
  kind: string;
  /** The trusted signer's name when verified, else what it claims. */
  signer: string;
  verified: boolean;
  reason: string;
  issuer: string;
  subject: string;
  predicate_type: string;
  signed_at: string | null;
  is_vouching: boolean;
}

export interface Provenance {
  builder: string;
  source: string;
  revision: string;
  built_at: string | null;
  /** Empty: nobody signed it. */
  signer: string;
  verified: boolean;
}

export interface EnvironmentSignatures {
  /** null: by those who are trusted in every environment. */
  environment: { id: number; slug: string; name: string } | null;
  outcome: SignatureOutcome;
  reason: string;
  signers: string[];
  since: string;
  signatures: Signature[];
  provenance: Provenance[];
}

export interface ImageSignatures {
  outcome: SignatureOutcome;
  reason: string;
  environments: EnvironmentSignatures[];
  sources: {
    node: { id: number; name: string } | null;
    name: string;
    problem: string;
    since: string;
    checked_at: string | null;
  }[];
}
