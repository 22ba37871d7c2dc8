/** Holds the place of something that is being loaded. */
export function Skeleton({ className = "" }: { className?: string }) {
  return <div aria-hidden className={`animate-pulse rounded bg-hover ${className}`} />;
}
