// @hey-api/openapi-ts
import { client as http } from "./generated/hey-api/client.gen.js";
import {
  createContactSubmission,
  getArticle,
  getContactForm,
  getHoursCalendar,
  getLocationCalendar,
  getLocationStatus,
  listArticles,
} from "./generated/hey-api/sdk.gen.js";
import type { ContactSubmission } from "./generated/hey-api/types.gen.js";
import { round, type Client } from "./round.js";

http.setConfig({ baseUrl: process.argv[2]! });

const client: Client = {
  async list(limit, cursor) {
    const { data, response } = await listArticles({ query: cursor === undefined ? { limit } : { limit, cursor } });
    return {
      titles: data!.items.map((article) => article.title),
      next: data!.nextCursor,
      etag: response!.headers.get("ETag")!,
    };
  },
  async search(words) {
    const { data } = await listArticles({ query: { q: words } });
    return data!.items.map((article) => article.slug);
  },
  async revalidate(etag) {
    const { response } = await listArticles({ query: { limit: 1 }, headers: { "If-None-Match": etag } });
    return response!.status;
  },
  async read(slug) {
    const { data } = await getArticle({ path: { slug } });
    return { title: data!.title, author: data!.author };
  },
  async missing(slug) {
    const { error } = await getArticle({ path: { slug } });
    return error!;
  },
  async status(slug) {
    const { data } = await getLocationStatus({ path: { slug } });
    return { isOpen: data!.isOpen, text: data!.text, day: data!.opensAt?.local };
  },
  async calendar(slug, from, to) {
    const { data } = await getLocationCalendar({ path: { slug }, query: { from, to } });
    return data!.days.map((day) => ({ day: day.day, periods: day.periods?.length ?? null }));
  },
  async form() {
    const { data } = await getContactForm();
    return { honeypot: data!.honeypot, locations: data!.locations.map((choice) => choice.value) };
  },
  async send(message, key) {
    const body: ContactSubmission = message;
    const { data, error, response } = await createContactSubmission({ body, headers: { "Idempotency-Key": key } });
    return {
      status: response!.status,
      ...(data && { reference: data.reference }),
      ...(error?.errors && { pointers: error.errors.map((broken) => broken.pointer!) }),
    };
  },
  async calendarText() {
    const { data } = await getHoursCalendar();
    return data!;
  },
};

await round(client);
