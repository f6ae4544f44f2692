import type { Problem } from "../api/problem";
import { PageFrame } from "./page";
import { Loading, ProblemNote } from "./states";

/** The page of one thing while it is being read, or when it could not be read. */
export function UnreadPage({
  title,
  crumbs,
  what,
  item,
}: {
  title: string;
  crumbs: { label: string; path: string }[];
  /** What is being read, such as `the host`. */
  what: string;
  item: { error: Problem | null; refetch: () => unknown };
}) {
  return (
    <PageFrame title={title} crumbs={crumbs}>
      {item.error ? (
        <ProblemNote problem={item.error} retry={() => void item.refetch()} />
      ) : (
        <Loading what={what} />
      )}
    </PageFrame>
  );
}
