import { CopyButton } from "./CopyButton";

interface CodeBlockProps {
  code: string;
  /** Names the block for screen readers and the copy button. */
  label: string;
  copyLabel: string;
}

export function CodeBlock({ code, label, copyLabel }: CodeBlockProps) {
  return (
    <div className="relative rounded-lg border border-code-line bg-code">
      <pre
        tabIndex={0}
        role="region"
        aria-label={label}
        className="max-h-96 overflow-auto p-4 pr-12 font-mono text-xs leading-5 text-code-ink"
      >
        <code>{code}</code>
      </pre>
      <CopyButton
        text={code}
        label={copyLabel}
        className="absolute top-2 right-2 size-7 border border-code-line bg-code text-code-ink-2 hover:bg-code-line hover:text-code-ink"
      />
    </div>
  );
}
