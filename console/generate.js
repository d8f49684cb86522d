// Makes the types of the API from its description: `node generate.js [--from FILE] [--output FILE]`.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import openapiTS, { astToString } from "openapi-typescript";

const { values } = parseArgs({
  options: {
    from: { type: "string", default: new URL("../docs/openapi.json", import.meta.url).pathname },
    output: { type: "string", default: new URL("src/generated/openapi.d.ts", import.meta.url).pathname },
  },
});

const description = JSON.parse(await readFile(values.from, "utf8"));
// A field with a default may still be left out of a request.
const types = await openapiTS(description, { defaultNonNullable: false });
await writeFile(values.output, `// Made by generate.js from docs/openapi.json. Do not edit.\n\n${astToString(types)}`);
