// What a front end does with the API, in terms that every generated client can be asked for. Each client has an adapter
// that makes these calls with the generated types, so that it does not compile if a type is wrong.

export interface Answer {
  status: number;
  body: unknown;
  headers: Headers;
}

/** A message as the state of a form has it: optional fields are null. */
export interface Message {
  name: string;
  email: string | null;
  preferredContact: "email" | "telephone";
  location: string;
  message: string;
  consent: true;
}

export interface Client {
  list(limit: number, cursor?: string): Promise<{ titles: string[]; next: string | null; etag: string }>;
  search(words: string): Promise<string[]>;
  revalidate(etag: string): Promise<number>;
  read(slug: string): Promise<{ title: string; author: string | null }>;
  missing(slug: string): Promise<{ status: number; type: string; detail: string }>;
  status(location: string): Promise<{ isOpen: boolean | null; text: string; day: string | undefined }>;
  calendar(location: string, from: string, to: string): Promise<{ day: string; periods: number | null }[]>;
  form(): Promise<{ honeypot: string; locations: string[] }>;
  send(message: Message, key: string): Promise<{ status: number; reference?: string; pointers?: string[] }>;
  calendarText(): Promise<string>;
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Uses a client against a server that takes three messages. */
export async function round(client: Client): Promise<void> {
  const first = await client.list(1);
  check(first.titles.length === 1 && first.next !== null, "the first page");
  const second = await client.list(1, first.next!);
  check(second.titles.length === 1 && second.titles[0] !== first.titles[0], "the second page");
  check((await client.revalidate(first.etag)) === 304, "304");
  check((await client.search("anxiety")).length > 0, "search");

  const article = await client.read("understanding-anxiety");
  check(article.title === "Understanding Anxiety", "an article");
  const missing = await client.missing("unknown");
  check(missing.status === 404 && missing.type === "/problems/not-found" && missing.detail !== "", "404");

  const status = await client.status("jonesboro");
  check(status.isOpen === true || status.isOpen === false || status.isOpen === null, "isOpen");
  check(status.text.length > 0, "the text of the status");
  const days = await client.calendar("jonesboro", "2026-12-21", "2026-12-27");
  check(days.length === 7 && days[0]!.day === "monday", "the calendar");

  const form = await client.form();
  check(form.honeypot === "website" && form.locations.includes("jonesboro"), "the form");
  const message: Message = {
    name: "Ana Müller",
    email: "ana@example.com",
    preferredContact: "email",
    location: "jonesboro",
    message: "I would like an appointment.",
    consent: true,
  };
  const sent = await client.send(message, '"first"');
  check(sent.status === 201 && sent.reference !== undefined, "201");
  const again = await client.send(message, '"first"');
  check(again.status === 201 && again.reference === sent.reference, "the same answer again");
  const wrong = await client.send({ ...message, email: null, message: " " }, '"second"');
  check(wrong.status === 422 && wrong.pointers!.join() === "#/email,#/message", `422 ${wrong.pointers}`);
  for (const key of ['"third"', '"fourth"']) check((await client.send(message, key)).status === 201, key);
  check((await client.send(message, '"fifth"')).status === 429, "429");

  check((await client.calendarText()).startsWith("BEGIN:VCALENDAR"), "text/calendar");
}
