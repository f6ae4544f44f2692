import { useNow } from "./clock";
import { absoluteText, relativeText } from "./quantities";

/** A time: relative in the text, absolute with its zone on hover and for readers of the markup. */
export function Moment({ at, never = "never" }: { at: string | null | undefined; never?: string }) {
  const now = useNow();
  if (!at) return <span className="soft">{never}</span>;
  return (
    <time dateTime={at} title={absoluteText(at)}>
      {relativeText(at, now)}
    </time>
  );
}
