import { Link, type LinkProps } from "react-router";
import { type ButtonLook, buttonClass } from "./Button";

export function ButtonLink({
  look = "secondary",
  size = "md",
  ...props
}: Omit<LinkProps, "className"> & { look?: ButtonLook; size?: "sm" | "md" | "lg" }) {
  return <Link {...props} className={buttonClass(look, size)} />;
}

export function TextLink(props: Omit<LinkProps, "className">) {
  return (
    <Link {...props} className="rounded-xs font-medium text-accent underline underline-offset-2 hover:text-accent-hover" />
  );
}
