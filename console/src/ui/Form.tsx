import { useState } from "react";
import { Form as AriaForm, type FormProps as AriaFormProps } from "react-aria-components";
import { fieldErrors, toProblem } from "../api/problem";

interface FormProps extends Omit<AriaFormProps, "validationErrors"> {
  /** Why the last try was refused; the fields that it names say so until something is typed. */
  error: Error | null;
}

/**
 * A form whose fields show what the service refused of them. The messages go with the first thing typed, not when the
 * field is left: that would be the press on the button, which would move away under the pointer and not be pressed.
 */
export function Form({ error, children, ...props }: FormProps) {
  const [answered, setAnswered] = useState<Error | null>(null);
  const shown = error && error !== answered ? toProblem(error) : null;
  return (
    <AriaForm {...props} validationErrors={fieldErrors(shown)}>
      <div className="contents" onInput={() => setAnswered(error)}>
        {children}
      </div>
    </AriaForm>
  );
}
