// What a program that uses the generated client looks like. The types come from openapi.json; tsc proves that they fit.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const { LEADS_URL, LEADS_KEY } = process.env;
const client = createClient<paths>({ baseUrl: LEADS_URL, headers: { "X-API-Key": LEADS_KEY } });

function must(ok: unknown, what: string): asserts ok {
  if (!ok) throw new Error(what);
}

const made = await client.POST("/leads", { body: { email: "client@example.com", metadata: { size: 3 } }, params: { header: { "Idempotency-Key": "k" } } });
must(made.response.status === 201 && made.data, "create");
const lead: components["schemas"]["LeadFull"] = made.data;
const id: string = lead.id;

const page = await client.GET("/leads", { params: { query: { search: "client", limit: 5 } } });
must(page.data && page.data.pagination.total === 1 && page.data.data[0]?.id === id, "list");

const etag = made.response.headers.get("ETag") ?? "";
const moved = await client.PUT("/leads/{id}/status", { params: { path: { id }, header: { "If-Match": etag } }, body: { status: "qualified" } });
must(moved.data?.status === "qualified", "status");
const late = await client.PUT("/leads/{id}/status", { params: { path: { id }, header: { "If-Match": etag } }, body: { status: "closed" } });
must(late.response.status === 412 && late.error && "error" in late.error && late.error.error.code === "stale", "stale");

const nobody = await client.PATCH("/leads/{id}", { params: { path: { id } }, body: { assignedTo: null, addTags: ["fair"] } });
must(nobody.data?.assignedTo === null && nobody.data.tags.includes("fair"), "patch");

const source = await client.POST("/sources", { body: { name: "Form", fieldMappings: { mail: "email" } } });
must(source.data?.webhookUrl.endsWith(source.data.webhookToken), "source");
const pipelines = await client.GET("/pipelines");
must(pipelines.data?.[0]?.stages.length === 5, "pipelines");

const report = await client.POST("/leads/import", { body: "email\nimported@example.com\n", bodySerializer: (body) => body, headers: { "Content-Type": "text/csv" } });
must(report.data?.created === 1, "import");
const gone = await client.DELETE("/leads/{id}", { params: { path: { id } } });
must(gone.response.status === 204, "delete");
const missing = await client.GET("/leads/{id}", { params: { path: { id } } });
must(missing.response.status === 404 && missing.data === undefined, "missing");

// @ts-expect-error a status that there is not
await client.PUT("/leads/{id}/status", { params: { path: { id } }, body: { status: "won" } });
console.log("ok");
