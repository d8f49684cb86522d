/**
 * Short-lived tokens for data paths, one per organisation, in memory only: they are gone with the tab and a
 * script in another tab cannot read them from storage.
 */
export interface MintedToken {
  token: string;
  /** RFC 3339. */
  expires_at: string;
}

/** A token this near its end is replaced before use, so that it does not end on the way. */
const RENEW_BEFORE_MS = 60_000;

export class DataTokens {
  readonly #mint: (org: string) => Promise<MintedToken>;
  readonly #now: () => number;
  readonly #held = new Map<string, { token: string; until: number }>();
  readonly #minting = new Map<string, Promise<string>>();
  /** Counts the sessions: what was asked for in an earlier one is not kept in a later one. */
  #epoch = 0;

  constructor(mint: (org: string) => Promise<MintedToken>, now: () => number) {
    this.#mint = mint;
    this.#now = now;
  }

  async get(org: string): Promise<string> {
    const held = this.#held.get(org);
    if (held && held.until - RENEW_BEFORE_MS > this.#now()) return held.token;
    let minting = this.#minting.get(org);
    if (!minting) {
      const mine = this.#renew(org).finally(() => {
        if (this.#minting.get(org) === mine) this.#minting.delete(org);
      });
      minting = mine;
      this.#minting.set(org, mine);
    }
    return minting;
  }

  /** Forgets a token that was refused, unless another call has replaced it already. */
  drop(org: string, token: string): void {
    if (this.#held.get(org)?.token === token) this.#held.delete(org);
  }

  /** Forgets all tokens, also those that are being made: they belong to the session that ends here. */
  clear(): void {
    this.#epoch += 1;
    this.#held.clear();
    this.#minting.clear();
  }

  async #renew(org: string): Promise<string> {
    const epoch = this.#epoch;
    const { token, expires_at } = await this.#mint(org);
    const until = Date.parse(expires_at);
    if (epoch === this.#epoch) this.#held.set(org, { token, until: Number.isNaN(until) ? 0 : until });
    return token;
  }
}
