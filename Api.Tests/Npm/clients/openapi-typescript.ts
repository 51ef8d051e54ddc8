// openapi-typescript and openapi-fetch
import createClient from "openapi-fetch";
import { round, type Client } from "./round.js";
import type { paths, components } from "./generated/openapi-typescript/schema.js";

const api = createClient<paths>({ baseUrl: process.argv[2]! });

const client: Client = {
  async list(limit, cursor) {
    const { data, response } = await api.GET("/v1/articles", {
      params: { query: cursor === undefined ? { limit } : { limit, cursor } },
    });
    return {
      titles: data!.items.map((article) => article.title),
      next: data!.nextCursor,
      etag: response.headers.get("ETag")!,
    };
  },
  async search(words) {
    const { data } = await api.GET("/v1/articles", { params: { query: { q: words } } });
    return data!.items.map((article) => article.slug);
  },
  async revalidate(etag) {
    const { response } = await api.GET("/v1/articles", {
      params: { query: { limit: 1 }, header: { "If-None-Match": etag } },
    });
    return response.status;
  },
  async read(slug) {
    const { data } = await api.GET("/v1/articles/{slug}", { params: { path: { slug } } });
    return { title: data!.title, author: data!.author };
  },
  async missing(slug) {
    const { error } = await api.GET("/v1/articles/{slug}", { params: { path: { slug } } });
    return error!;
  },
  async status(slug) {
    const { data } = await api.GET("/v1/locations/{slug}/status", { params: { path: { slug } } });
    return { isOpen: data!.isOpen, text: data!.text, day: data!.opensAt?.local };
  },
  async calendar(slug, from, to) {
    const { data } = await api.GET("/v1/locations/{slug}/calendar", {
      params: { path: { slug }, query: { from, to } },
    });
    return data!.days.map((day) => ({ day: day.day, periods: day.periods?.length ?? null }));
  },
  async form() {
    const { data } = await api.GET("/v1/contact-form");
    return { honeypot: data!.honeypot, locations: data!.locations.map((choice) => choice.value) };
  },
  async send(message, key) {
    const body: components["schemas"]["ContactSubmission"] = message;
    const { data, error, response } = await api.POST("/v1/contact-submissions", {
      body,
      params: { header: { "Idempotency-Key": key } },
    });
    return {
      status: response.status,
      ...(data && { reference: data.reference }),
      ...(error?.errors && { pointers: error.errors.map((broken) => broken.pointer!) }),
    };
  },
  async calendarText() {
    const { data } = await api.GET("/v1/hours.ics", { parseAs: "text" });
    return data!;
  },
};

await round(client);
