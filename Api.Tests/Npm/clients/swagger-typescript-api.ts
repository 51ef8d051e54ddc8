// swagger-typescript-api
import { Api, type ContactSubmission, type ProblemDocument } from "./generated/swagger-typescript-api/api.js";
import { round, type Client } from "./round.js";

const { v1 } = new Api({ baseUrl: process.argv[2]! });

const client: Client = {
  async list(limit, cursor) {
    const { data, headers } = await v1.listArticles(cursor === undefined ? { limit } : { limit, cursor });
    return { titles: data.items.map((article) => article.title), next: data.nextCursor, etag: headers.get("ETag")! };
  },
  async search(words) {
    const { data } = await v1.listArticles({ q: words });
    return data.items.map((article) => article.slug);
  },
  async revalidate(etag) {
    const answer = v1.listArticles({ limit: 1 }, { headers: { "If-None-Match": etag } });
    return answer.then(
      (response) => response.status,
      (response: Response) => response.status,
    );
  },
  async read(slug) {
    const { data } = await v1.getArticle(slug);
    return { title: data.title, author: data.author };
  },
  async missing(slug) {
    return v1.getArticle(slug).then(
      () => Promise.reject(new Error("found")),
      (response: { error: ProblemDocument }) => response.error,
    );
  },
  async status(slug) {
    const { data } = await v1.getLocationStatus(slug);
    return { isOpen: data.isOpen, text: data.text, day: data.opensAt?.local };
  },
  async calendar(slug, from, to) {
    const { data } = await v1.getLocationCalendar(slug, { from, to });
    return data.days.map((day) => ({ day: day.day, periods: day.periods?.length ?? null }));
  },
  async form() {
    const { data } = await v1.getContactForm();
    return { honeypot: data.honeypot, locations: data.locations.map((choice) => choice.value) };
  },
  async send(message, key) {
    const body: ContactSubmission = message as ContactSubmission;
    try {
      const { data, status } = await v1.createContactSubmission(body, { headers: { "Idempotency-Key": key } });
      return { status, reference: data.reference };
    } catch (failure) {
      const { status, error } = failure as { status: number; error: ProblemDocument };
      return { status, ...(error.errors && { pointers: error.errors.map((broken) => broken.pointer!) }) };
    }
  },
  async calendarText() {
    return (await v1.getHoursCalendar({}, { format: "text" })).data;
  },
};

await round(client);
