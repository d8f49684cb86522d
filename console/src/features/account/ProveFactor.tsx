import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { names, toProblem } from "../../api/problem";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/States";

interface Proof {
  password: string;
  code: string;
}

interface ProveFactorProps<T> {
  /** What is asked for besides the code. */
  withPassword?: boolean;
  submitLabel: string;
  look: "primary" | "danger";
  act: (proof: Proof) => Promise<T>;
  onDone: (answer: T) => void;
  onCancel: () => void;
}

/** Asks for what shows that the person has their second factor, and does what needs it. */
export function ProveFactor<T>({ withPassword, submitLabel, look, act, onDone, onCancel }: ProveFactorProps<T>) {
  const { t } = useTranslation();
  const [proof, setProof] = useState<Proof>({ password: "", code: "" });
  const mutation = useMutation({ mutationFn: () => act(proof), gcTime: 0, onSuccess: onDone });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    mutation.mutate();
  };
  const problem = mutation.error ? toProblem(mutation.error) : null;
  const named = names(problem, "/code") || names(problem, "/current_password");
  return (
    <Form onSubmit={submit} error={mutation.error} className="flex max-w-md flex-col gap-4">
      {withPassword ? (
        <TextField
          autoFocus
          label={t("account.current_password")}
          name="current_password"
          type="password"
          autoComplete="current-password"
          isRequired
          value={proof.password}
          onChange={(password) => setProof({ ...proof, password })}
        />
      ) : null}
      <TextField
        autoFocus={!withPassword}
        label={t("auth.code.code")}
        hint={t("auth.code.hint")}
        name="code"
        autoComplete="one-time-code"
        spellCheck="false"
        maxLength={64}
        mono
        isRequired
        value={proof.code}
        onChange={(code) => setProof({ ...proof, code })}
      />
      {mutation.error && !named ? <ProblemNotice error={mutation.error} /> : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look={look} isPending={mutation.isPending}>
          {submitLabel}
        </Button>
        <Button onPress={onCancel}>{t("common.cancel")}</Button>
      </div>
    </Form>
  );
}
