import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en";

type Widen<T> = { readonly [K in keyof T]: T[K] extends string ? string : Widen<T[K]> };

/** The shape that every language fills; a missing text does not compile. */
export type Texts = Widen<typeof en>;

const languages = { en } satisfies Record<string, Texts>;

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

export async function startTexts(): Promise<i18n> {
  await i18next.use(initReactI18next).init({
    resources: Object.fromEntries(Object.entries(languages).map(([code, texts]) => [code, { translation: texts }])),
    lng: "en",
    fallbackLng: "en",
    // React escapes what it shows.
    interpolation: { escapeValue: false },
  });
  document.documentElement.lang = i18next.language;
  return i18next;
}
