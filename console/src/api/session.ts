/** The CSRF token of the running session. In memory only; `/v1/me`, log-in and verification hand it out. */
export class CsrfToken {
  #token: string | null = null;
  #loading: Promise<string | null> | null = null;
  readonly #load: () => Promise<string | null>;

  /** `load` asks `/v1/me`; it yields null when nobody is signed in. */
  constructor(load: () => Promise<string | null>) {
    this.#load = load;
  }

  set(token: string | null): void {
    this.#token = token;
  }

  /** The known token, or the one `/v1/me` gives; concurrent callers share one look-up. */
  async get(): Promise<string | null> {
    if (this.#token !== null) return this.#token;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    const loaded = await this.#loading;
    this.#token ??= loaded;
    return this.#token;
  }
}

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Operations of whoever is not signed in, or need not be: there is no token that they could carry. */
const WITHOUT_SESSION = new Set([
  "/v1/auth/signup",
  "/v1/auth/login",
  "/v1/auth/totp",
  "/v1/auth/verify",
  "/v1/auth/password/forgot",
  "/v1/auth/password/reset",
  "/v1/auth/email/confirm",
]);

export function needsCsrf(method: string, path: string): boolean {
  return !READS.has(method.toUpperCase()) && !WITHOUT_SESSION.has(path);
}
