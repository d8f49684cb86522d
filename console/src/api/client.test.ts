import { beforeEach, expect, it, vi } from "vitest";
import { ProblemError } from "./problem";

type Answer = (request: Request) => Response | Promise<Response>;
let seen: Request[] = [];

const json = (value: unknown, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });

/** Stands where the network is; relative addresses are those of a console at this origin. */
function network(answer: Answer): void {
  seen = [];
  vi.stubGlobal("fetch", async (input: Request | string) => {
    const request = typeof input === "string" ? new Request(new URL(input, "http://console.test")) : input;
    seen.push(request.clone());
    return answer(request);
  });
}

// A browser resolves relative addresses against the page; the client keeps the class it finds when it loads.
vi.stubGlobal(
  "Request",
  class extends Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, "http://console.test") : input, init);
    }
  },
);
const { control, csrf, dataClient, dataTokens, need, needExact } = await import("./client");

beforeEach(() => {
  csrf.set(null);
  dataTokens.clear();
});

const keys = { params: { path: { org: "org_1" } } };

it("a change carries the session's token, fetched from /v1/me when it is not known", async () => {
  network((request) => (request.url.endsWith("/v1/me") ? json({ csrf_token: "csrf_1" }) : json({}, 201)));
  await need(control.POST("/v1/orgs/{org}/console-tokens", keys));
  expect(seen.map(({ url }) => new URL(url).pathname)).toEqual(["/v1/me", "/v1/orgs/org_1/console-tokens"]);
  expect(seen[1]?.headers.get("x-csrf-token")).toBe("csrf_1");
});

it("a read carries none", async () => {
  network(() => json({ items: [] }));
  await need(control.GET("/v1/orgs/{org}/api-keys", keys));
  expect(seen[0]?.headers.has("x-csrf-token")).toBe(false);
});

it("a data call carries a short-lived token and no cookie, and replaces a refused one once", async () => {
  let minted = 0;
  csrf.set("csrf_1");
  network((request) => {
    if (request.url.endsWith("/console-tokens")) {
      minted += 1;
      return json({ token: `adb_${minted}`, expires_at: "2999-01-01T00:00:00Z" }, 201);
    }
    return request.headers.get("authorization") === "Bearer adb_2" ? json({ result: [], receipt: {} }) : json({ code: "unauthenticated" }, 401);
  });
  await need(dataClient("org_1").POST("/v1/namespaces/{namespace}/collections/{collection}/delete", { params: { path: { namespace: "n", collection: "c" } }, body: { ids: ["a"] } }));
  const data = seen.filter(({ url }) => url.endsWith("/delete"));
  expect(data.map(({ headers }) => headers.get("authorization"))).toEqual(["Bearer adb_1", "Bearer adb_2"]);
  expect(data.map(({ credentials }) => credentials)).toEqual(["omit", "omit"]);
  expect(await data[1]?.json()).toEqual({ ids: ["a"] });
});

it("a token that is refused twice is not tried a third time", async () => {
  csrf.set("csrf_1");
  network((request) =>
    request.url.endsWith("/console-tokens")
      ? json({ token: "adb_x", expires_at: "2999-01-01T00:00:00Z" }, 201)
      : json({ code: "unauthenticated" }, 401),
  );
  const call = need(dataClient("org_1").GET("/v1/namespaces/{namespace}/collections", { params: { path: { namespace: "n" } } }));
  await expect(call).rejects.toMatchObject({ problem: { status: 401 } });
  expect(seen.filter(({ url }) => url.endsWith("/collections"))).toHaveLength(2);
});

it("an answer read exactly keeps integers beyond 2^53, and a refusal of it is thrown with its problem", async () => {
  const preview = () => needExact(control.GET("/v1/orgs/{org}/billing/invoices/preview", { ...keys, parseAs: "text" }));
  network(() => new Response('{"lines":[{"quantity":9007199254740993}]}', { headers: { "content-type": "application/json" } }));
  expect(await preview()).toEqual({ lines: [{ quantity: 9007199254740993n }] });
  network(() => json({ code: "not_found" }, 404));
  await expect(preview()).rejects.toMatchObject({ problem: { status: 404, code: "not_found" } });
});

it("a refusal is thrown with its problem, and a dead network as unreachable", async () => {
  network(() => json({ code: "not_found", title: "Not found", request_id: "req_1" }, 404));
  await expect(need(control.GET("/v1/orgs/{org}/api-keys", keys))).rejects.toMatchObject({
    problem: { status: 404, code: "not_found", requestId: "req_1" },
  });
  network(() => Promise.reject(new TypeError("Failed to fetch")));
  await expect(need(control.GET("/v1/orgs/{org}/api-keys", keys))).rejects.toBeInstanceOf(ProblemError);
});
