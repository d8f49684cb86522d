/** A text of the description: what stands between backticks is code, all else is text. */
export function Prose({ text }: { text: string | undefined }) {
  return (
    <>
      {(text ?? "").split("`").map((part, index) =>
        index % 2 === 1 ? (
          <code key={index} className="font-mono text-[0.92em]">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </>
  );
}
