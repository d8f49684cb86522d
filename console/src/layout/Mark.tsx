/** The product's mark. */
export function Mark({ className = "size-6" }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={className}>
      <rect width="32" height="32" rx="7" fill="#0b5f66" />
      <ellipse cx="16" cy="11.2" rx="7.5" ry="3.4" fill="#7fe0d6" />
      <path d="M8.5 14.8c1.3 1.7 4.2 2.7 7.5 2.700s6.2-1 7.5-2.700v2.600c0 1.9-3.4 3.4-7.5 3.400s-7.5-1.5-7.5-3.400z" fill="#fff" />
      <path d="M8.5 19.600c1.3 1.7 4.2 2.7 7.5 2.700s6.2-1 7.5-2.700v1.800c0 1.9-3.4 3.4-7.5 3.400s-7.5-1.5-7.5-3.400z" fill="#fff" opacity=".7" />
    </svg>
  );
}
