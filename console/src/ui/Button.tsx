import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components";
import { LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "./classes";

export type ButtonLook = "primary" | "secondary" | "quiet" | "danger";

const BASE =
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors cursor-pointer disabled:cursor-not-allowed disabled:opacity-50 data-[pending]:cursor-progress";

const LOOKS: Record<ButtonLook, string> = {
  primary: "border-transparent bg-accent text-accent-ink hover:bg-accent-hover",
  secondary: "border-line bg-surface text-ink shadow-card hover:bg-sunken",
  quiet: "border-transparent text-ink-2 hover:bg-sunken hover:text-ink",
  danger: "border-transparent bg-danger text-danger-ink hover:bg-danger-hover",
};

const SIZES = { md: "h-8 px-3 text-sm", sm: "h-7 px-2 text-xs", lg: "h-9 px-4 text-base" };

export const buttonClass = (look: ButtonLook, size: keyof typeof SIZES = "md"): string =>
  cx(BASE, LOOKS[look], SIZES[size]);

interface ButtonProps extends Omit<AriaButtonProps, "className" | "children"> {
  look?: ButtonLook;
  size?: keyof typeof SIZES;
  className?: string;
  children: ReactNode;
}

/**
 * While `isPending` a press does nothing, and the button keeps the focus. (The library's own pending state
 * leaves an unnamed image in its live region when the button goes away with the answer.)
 */
export function Button({ look = "secondary", size = "md", className, children, isPending, type, onPress, ...props }: ButtonProps) {
  const { t } = useTranslation();
  return (
    <AriaButton
      {...props}
      {...(isPending ? { type: "button", "data-pending": true } : { type: type ?? "button", ...(onPress ? { onPress } : {}) })}
      className={cx(buttonClass(look, size), className)}
    >
      {isPending ? (
        <>
          <LoaderCircle aria-hidden className="size-3.5 animate-spin" />
          <span className="sr-only">{t("common.loading")}</span>
        </>
      ) : null}
      {children}
    </AriaButton>
  );
}

export function IconButton({
  label,
  children,
  className,
  ...props
}: Omit<AriaButtonProps, "className" | "children"> & { label: string; children: ReactNode; className?: string }) {
  return (
    <AriaButton
      {...props}
      aria-label={label}
      className={cx(
        "inline-flex size-8 shrink-0 cursor-pointer items-center justify-center rounded-md text-ink-2 transition-colors hover:bg-sunken hover:text-ink disabled:opacity-50",
        className,
      )}
    >
      {children}
    </AriaButton>
  );
}
