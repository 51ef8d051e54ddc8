// orval, with fetch and with zod
import {
  createContactSubmission,
  getArticle,
  getContactForm,
  getLocationCalendar,
  getLocationStatus,
  listArticles,
  type ContactSubmission,
  type ProblemDocument,
} from "./generated/orval/fetch.js";
import {
  createContactSubmissionBody,
  getContactFormResponse,
  getLocationStatusResponse,
  listArticlesResponse,
} from "./generated/orval/zod.js";
import { round, type Client } from "./round.js";

const base = process.argv[2]!;
// orval's clients have no setting for the server.
const fetchOf = globalThis.fetch;
globalThis.fetch = (url, options) => fetchOf(new URL(url as string, base), options);

const client: Client = {
  async list(limit, cursor) {
    const answer = await listArticles(cursor === undefined ? { limit } : { limit, cursor });
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    const page = listArticlesResponse.parse(answer.data);
    return {
      titles: page.items.map((article) => article.title),
      next: page.nextCursor,
      etag: answer.headers.get("ETag")!,
    };
  },
  async search(words) {
    const answer = await listArticles({ q: words });
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return answer.data.items.map((article) => article.slug);
  },
  async revalidate(etag) {
    return (await listArticles({ limit: 1 }, { headers: { "If-None-Match": etag } })).status;
  },
  async read(slug) {
    const answer = await getArticle(slug);
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return { title: answer.data.title, author: answer.data.author };
  },
  async missing(slug) {
    return (await getArticle(slug)).data as ProblemDocument;
  },
  async status(slug) {
    const answer = await getLocationStatus(slug);
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    const status = getLocationStatusResponse.parse(answer.data);
    return { isOpen: status.isOpen, text: status.text, day: status.opensAt?.local };
  },
  async calendar(slug, from, to) {
    const answer = await getLocationCalendar(slug, { from, to });
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return answer.data.days.map((day) => ({ day: day.day, periods: day.periods?.length ?? null }));
  },
  async form() {
    const answer = await getContactForm();
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    const form = getContactFormResponse.parse(answer.data);
    return { honeypot: form.honeypot, locations: form.locations.map((choice) => choice.value) };
  },
  async send(message, key) {
    const body: ContactSubmission = message;
    if (createContactSubmissionBody.safeParse(body).success !== (message.message.trim() !== ""))
      throw new Error("zod and the server differ");
    const answer = await createContactSubmission(body, { headers: { "Idempotency-Key": key } });
    if (answer.status === 201) return { status: 201, reference: answer.data.reference };
    const errors = (answer.data as ProblemDocument).errors;
    return { status: answer.status, ...(errors && { pointers: errors.map((broken) => broken.pointer!) }) };
  },
  // orval reads every answer of fetch as JSON.
  async calendarText() {
    return (await fetch("/v1/hours.ics")).text();
  },
};

await round(client);
