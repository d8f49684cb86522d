import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "./Button";

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** How long "Copied" stands. */
const SAID_MS = 2000;

interface CopyButtonProps {
  text: string;
  /** What is copied, for the accessible name. */
  label: string;
  /** With words instead of the icon alone. */
  wide?: boolean;
  className?: string;
}

export function CopyButton({ text, label, wide, className }: CopyButtonProps) {
  const { t } = useTranslation();
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return undefined;
    const timer = setTimeout(() => setState("idle"), SAID_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const press = async () => setState((await copyText(text)) ? "copied" : "failed");
  const icon = state === "copied" ? <Check aria-hidden className="size-3.5" /> : <Copy aria-hidden className="size-3.5" />;
  const said = state === "copied" ? t("common.copied") : state === "failed" ? t("common.copy_failed") : "";
  return (
    <>
      {wide ? (
        <Button size="sm" onPress={() => void press()} className={className ?? ""}>
          {icon}
          {said || label}
        </Button>
      ) : (
        <IconButton label={label} onPress={() => void press()} className={className ?? "size-6"}>
          {icon}
        </IconButton>
      )}
      <span role="status" className="sr-only">
        {said}
      </span>
    </>
  );
}
