import type { ReactNode } from "react";

/** A part of the page that scrolls by itself. It takes the focus, so that the keyboard can scroll it too. */
export function ScrollFrame({
  className,
  label,
  children,
}: {
  className: string | undefined;
  label: string;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus a keyboard cannot scroll it
    <section className={className} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
