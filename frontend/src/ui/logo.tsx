/** The Plimsoll mark: a circle crossed by the load line. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" stroke="var(--accent)" aria-hidden="true">
      <circle cx="16" cy="16" r="10" strokeWidth="4" />
      <path d="M1.5 16h29" strokeWidth="4" strokeLinecap="round" />
    </svg>
  );
}
