import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { meQuery } from "../../api/queries";
import type { Me } from "../../api/types";
import { Button } from "../../ui/Button";
import { Badge, Card } from "../../ui/Layout";
import { ProveFactor } from "./ProveFactor";
import { RecoveryCodes } from "./RecoveryCodes";
import { SetUpFactor } from "./SetUpFactor";

/** With so few left it is time for new ones. */
const FEW = 3;

type Doing = "nothing" | "setting up" | "new codes" | "removing" | { codes: string[] };

/** Codes of an app as a second factor: set up, taken away, and what stands in for the app when it is lost. */
export function SecondFactor({ totp }: { totp: Me["totp"] }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [doing, setDoing] = useState<Doing>("nothing");
  const stop = () => setDoing("nothing");
  const look = () => void queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
  const show = (codes: string[]) => {
    setDoing({ codes });
    look();
  };
  const removed = () => {
    stop();
    look();
  };
  return (
    <Card
      title={t("account.factor.title")}
      hint={t("account.factor.hint")}
      actions={totp.enabled ? <Badge tone="ok">{t("account.factor.on")}</Badge> : <Badge>{t("account.factor.off")}</Badge>}
    >
      <div className="flex flex-col gap-4">
        {totp.enabled ? (
          <p className={totp.recovery_codes_left <= FEW ? "text-warn" : "text-ink-2"}>
            {t("account.factor.left", { count: totp.recovery_codes_left })}
          </p>
        ) : null}
        {doing === "nothing" ? <Actions enabled={totp.enabled} onStart={setDoing} /> : null}
        {doing === "setting up" ? <SetUpFactor onDone={show} onCancel={stop} /> : null}
        {doing === "new codes" ? (
          <ProveFactor
            submitLabel={t("account.factor.new_codes")}
            look="primary"
            act={({ code }) => need(control.POST("/v1/me/totp/recovery-codes", { body: { code } }))}
            onDone={({ recovery_codes }) => show(recovery_codes)}
            onCancel={stop}
          />
        ) : null}
        {doing === "removing" ? (
          <ProveFactor
            withPassword
            submitLabel={t("account.factor.remove")}
            look="danger"
            act={({ password, code }) => need(control.DELETE("/v1/me/totp", { body: { current_password: password, code } }))}
            onDone={removed}
            onCancel={stop}
          />
        ) : null}
        {typeof doing === "object" ? <RecoveryCodes codes={doing.codes} onDone={stop} /> : null}
      </div>
    </Card>
  );
}

function Actions({ enabled, onStart }: { enabled: boolean; onStart: (what: Doing) => void }) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-wrap gap-2">
      {enabled ? (
        <>
          <Button onPress={() => onStart("new codes")}>{t("account.factor.new_codes")}</Button>
          <Button onPress={() => onStart("removing")}>{t("account.factor.remove")}</Button>
        </>
      ) : (
        <Button look="primary" onPress={() => onStart("setting up")}>
          {t("account.factor.set_up")}
        </Button>
      )}
    </div>
  );
}
