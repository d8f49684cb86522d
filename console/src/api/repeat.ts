const KEY_BYTES = 16;

/** Not `crypto.randomUUID`, which there is only over TLS and on the machine itself. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The `Idempotency-Key` of a request that a person may send again because its answer was lost: the same request gets
 * the same key until it has succeeded, another request gets another one.
 */
export class RepeatKey {
  #request = "";
  #key = "";

  of(request: object): string {
    const text = JSON.stringify(request);
    if (this.#key === "" || this.#request !== text) {
      this.#request = text;
      this.#key = newKey();
    }
    return this.#key;
  }

  /** It has succeeded: the same again is meant as another one. */
  done(): void {
    this.#key = "";
  }
}
