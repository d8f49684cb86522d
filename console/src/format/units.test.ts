import { describe, expect, it } from "vitest";
import { formatBytes, formatDuration, formatMeter } from "./units";

const show = (meter: string, amount: number) => formatMeter(meter, amount, "en-US");

describe("amounts of meters", () => {
  it("show milli-units as units", () => {
    expect(show("query", 1250)).toBe("1.25");
    expect(show("write", 2000)).toBe("2");
    expect(show("query", 1)).toBe("0.001");
    expect(show("query", 1_000_000_000)).toBe("1,000,000");
  });

  it("show bytes in binary steps", () => {
    expect(show("egress_bytes", 0)).toBe("0 B");
    expect(show("egress_bytes", 1023)).toBe("1,023 B");
    expect(show("egress_bytes", 1024)).toBe("1 KiB");
    expect(formatBytes(1.5 * 1024 ** 3, "en-US")).toBe("1.5 GiB");
    expect(formatBytes(1024 ** 6, "en-US")).toBe("1,024 PiB");
  });

  it("show byte-hours as GiB-hours without losing small ones", () => {
    expect(show("storage_byte_hours", 1024 ** 3)).toBe("1 GiB-h");
    expect(show("storage_byte_hours", 1024 ** 2)).toBe("0.000977 GiB-h");
  });

  it("show tokens, and meters of the future, as counts", () => {
    expect(show("embedding_tokens", 10_000_000)).toBe("10,000,000");
    expect(show("agent_hours", 3)).toBe("3");
  });
});

it("durations keep three significant places where it matters", () => {
  expect(formatDuration(0.084, "en-US")).toBe("0.08 ms");
  expect(formatDuration(12.34, "en-US")).toBe("12.3 ms");
  expect(formatDuration(1234, "en-US")).toBe("1.23 s");
});
