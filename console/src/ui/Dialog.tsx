import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import { cx } from "./classes";

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** False while closing would lose something that cannot be had again. */
  dismissable?: boolean;
  /** For what needs room, such as a table. */
  wide?: boolean;
  children: ReactNode;
}

export function Dialog({ title, isOpen, onClose, dismissable = true, wide, children }: DialogProps) {
  const { t } = useTranslation();
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      isDismissable={dismissable}
      isKeyboardDismissDisabled={!dismissable}
      className="fixed inset-0 z-40 flex items-start justify-center overflow-y-auto bg-black/45 p-4 sm:pt-[12vh]"
    >
      <Modal className={cx("w-full rounded-xl border border-line bg-surface shadow-pop", wide ? "max-w-2xl" : "max-w-lg")}>
        <AriaDialog className="flex flex-col gap-4 p-5 outline-none">
          <div className="flex items-start justify-between gap-4">
            <Heading slot="title" className="text-lg">
              {title}
            </Heading>
            {dismissable ? (
              <IconButton label={t("common.close")} onPress={onClose} className="-mt-1 -mr-1">
                <X aria-hidden className="size-4" />
              </IconButton>
            ) : null}
          </div>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export const DialogActions = ({ children }: { children: ReactNode }) => (
  <div className="flex flex-wrap justify-end gap-2 pt-1">{children}</div>
);
