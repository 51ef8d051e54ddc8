// The script of a clinic's web site, without a framework and without a build step.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// ---- Language -------------------------------------------------------------------------------------------------------

// The page's own texts. Texts about the clinic come from the API, which knows the same languages.
const TEXTS = {
  en: {
    language: 'English',
    clinic: 'Clinic',
    locations: 'Locations',
    articles: 'Health articles',
    contact: 'Contact us',
    allArticles: 'All articles',
    moreArticles: 'More articles',
    noArticles: 'There are no articles yet.',
    author: name => `By ${name}`,
    updated: date => `updated ${date}`,
    readingTime: minutes => `${minutes} min read`,
    hours: 'Opening hours',
    from: date => `From ${date}`,
    hoursUnknown: 'The opening hours are not known.',
    closed: 'Closed',
    allDay: 'All day',
    access: {
      walkIn: 'without an appointment',
      byAppointment: 'by appointment',
      telephoneOnly: 'by telephone only',
    },
    choose: 'Choose…',
    send: 'Send',
    sending: 'Sending…',
    correct: 'Your message was not sent yet. Please correct the marked fields.',
    tooMany: when => `Too many messages have arrived. Please send yours ${when}.`,
    busy: when => `The clinic’s server is busy. Please send your message again ${when}.`,
    notSent: 'The clinic’s server does not answer. Your message is still here: please send it again.',
    sent: 'Thank you. Your message has arrived.',
    reference: 'Your reference is',
    replyBy: when => `You can expect an answer by ${when}.`,
    afterHours: 'The location is closed now.',
    another: 'Write another message',
    unreachable: 'The clinic’s server does not answer.',
    tryAgain: 'Try again',
  },
  es: {
    language: 'Español',
    clinic: 'Clínica',
    locations: 'Sedes',
    articles: 'Artículos de salud',
    contact: 'Contacto',
    allArticles: 'Todos los artículos',
    moreArticles: 'Más artículos',
    noArticles: 'Todavía no hay artículos.',
    author: name => `Por ${name}`,
    updated: date => `actualizado el ${date}`,
    readingTime: minutes => `${minutes} min de lectura`,
    hours: 'Horario',
    from: date => `A partir del ${date}`,
    hoursUnknown: 'No se conoce el horario.',
    closed: 'Cerrado',
    allDay: 'Todo el día',
    access: { walkIn: 'sin cita', byAppointment: 'con cita', telephoneOnly: 'solo por teléfono' },
    choose: 'Elija…',
    send: 'Enviar',
    sending: 'Enviando…',
    correct: 'Su mensaje todavía no se ha enviado. Corrija los campos marcados.',
    tooMany: when => `Han llegado demasiados mensajes. Envíe el suyo ${when}.`,
    busy: when => `El servidor de la clínica está ocupado. Envíe su mensaje otra vez ${when}.`,
    notSent: 'El servidor de la clínica no responde. Su mensaje sigue aquí: envíelo otra vez.',
    sent: 'Gracias. Su mensaje ha llegado.',
    reference: 'Su referencia es',
    replyBy: when => `Puede esperar una respuesta a más tardar el ${when}.`,
    afterHours: 'La sede está cerrada ahora.',
    another: 'Escribir otro mensaje',
    unreachable: 'El servidor de la clínica no responde.',
    tryAgain: 'Intentar de nuevo',
  },
};

const query = new URLSearchParams(location.search);
// The language that the visitor has chosen on the page, or else the first of the browser's that the page knows.
const wanted = [query.get('lang') ?? '', ...navigator.languages].map(tag => tag.split('-')[0]);
const language = wanted.find(tag => Object.hasOwn(TEXTS, tag)) ?? 'en';
const text = TEXTS[language];

// ---- The API --------------------------------------------------------------------------------------------------------

const api = new URL(document.querySelector('meta[name=api]').content.replace(/\/?$/, '/'), document.baseURI);

/** An error that the API explains: a problem document (RFC 9457). */
class Problem extends Error {
  constructor(response, { detail, errors = [] }) {
    super(detail);
    this.status = response.status;
    this.errors = errors;
    this.retryAfter = Number(response.headers.get('Retry-After'));
  }
}

/** Asks the API. Without an answer, or with one that is not the API's, fetch() or json() throws its own error. */
async function ask(path, options = {}) {
  const response = await fetch(new URL(path, api), {
    signal: AbortSignal.timeout(30 * SECOND),
    ...options,
    headers: { 'Accept-Language': language, ...options.headers },
  });
  const body = await response.json();
  if (!response.ok) throw new Problem(response, body);
  return body;
}

// ---- The page -------------------------------------------------------------------------------------------------------

function element(tag, children = [], properties = {}) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...[children].flat());
  return node;
}

function button(label, onclick) {
  return element('button', label, { type: 'button', onclick });
}

/** Fills a part of the page with what `load` returns. When that fails, the visitor can try again. */
async function fill(part, load) {
  // A second press while the first one is on its way.
  if (part.ariaBusy === 'true') return;
  part.ariaBusy = 'true';
  try {
    part.replaceChildren(...(await load()));
  } catch (error) {
    const explanation = error instanceof Problem ? error.message : text.unreachable;
    part.replaceChildren(element('p', explanation, { className: 'error' }));
    if (error.status !== 404) part.append(button(text.tryAgain, () => fill(part, load)));
  }
  part.ariaBusy = 'false';
}

/** A link to another view of this page, in the language that the visitor has chosen. */
function linkTo(parameters) {
  const chosen = query.has('lang') ? { lang: language } : {};
  return `?${new URLSearchParams({ ...chosen, ...parameters })}`;
}

function dateFormat(options) {
  return new Intl.DateTimeFormat(language, options);
}

/** "in 9 minutes" */
function formatWait(seconds) {
  const format = new Intl.RelativeTimeFormat(language);
  return seconds < 60 ? format.format(seconds, 'second') : format.format(Math.ceil(seconds / 60), 'minute');
}

// ---- Articles -------------------------------------------------------------------------------------------------------

/** The first page of the list, and a button that adds the next one. */
async function listArticles() {
  const list = element('ul', [], { className: 'articles' });
  const end = element('div');
  const more = button(text.moreArticles, () => fill(end, addPage));
  let cursor = '';

  async function addPage() {
    const page = await ask(`v1/articles?${new URLSearchParams({ limit: 4, cursor })}`);
    cursor = page.nextCursor;
    const items = page.items.map(drawArticleItem);
    list.append(...items);
    // A keyboard goes on at the first new article.
    if (document.activeElement === more) items[0]?.querySelector('a').focus();
    return cursor ? [more] : [];
  }

  end.append(...(await addPage()));
  return list.children.length > 0 ? [list, end] : [element('p', text.noArticles)];
}

function drawArticleItem(article) {
  const link = element('a', article.title, { href: linkTo({ article: article.slug }) });
  return element('li', [element('h3', link), element('p', article.summary), drawFacts(article)]);
}

function drawFacts(article) {
  const format = dateFormat({ dateStyle: 'long' });
  const [published, updated] = [article.publishedAt, article.updatedAt].map(instant =>
    format.format(new Date(instant)),
  );
  const facts = [
    article.author && text.author(article.author),
    published,
    updated !== published && text.updated(updated),
    text.readingTime(article.readingMinutes),
    ...article.tags,
  ];
  return element('p', facts.filter(Boolean).join(' · '), { className: 'facts' });
}

async function showArticle(slug) {
  const article = await ask(`v1/articles/${encodeURIComponent(slug)}`);
  document.title = `${article.title} – ${text.clinic}`;
  // The API has sanitized this HTML.
  const body = element('div', [], { innerHTML: article.html });
  return [element('h1', article.title), drawFacts(article), body];
}

// ---- Locations ------------------------------------------------------------------------------------------------------

// The line of each location that says whether it is open.
const statusLines = new Map();

async function showLocations() {
  const [locations, hours] = await Promise.all([askLocations(), ask('v1/hours?limit=100')]);
  const hoursOf = new Map(hours.items.map(item => [item.location, item]));
  const cards = locations.map(location => drawLocation(location, hoursOf.get(location.slug)));
  showStatuses(locations);
  return [element('ul', cards, { className: 'locations' })];
}

async function askLocations() {
  const page = await ask('v1/locations?include=status&limit=100');
  return page.items;
}

function drawLocation({ slug, name, address, telephone, email }, hours) {
  const status = element('p', [], { className: 'status' });
  statusLines.set(slug, status);
  const region = [address.region, address.postalCode].filter(Boolean).join(' ');
  const place = [address.streetAddress, address.locality, region].filter(Boolean).join(', ');
  const card = element('li', [element('h3', name), status, element('p', place)]);
  // Unknown facts are null.
  if (telephone) card.append(element('p', element('a', telephone, { href: `tel:${telephone}` })));
  if (email) card.append(element('p', element('a', email, { href: `mailto:${email}` })));
  card.append(element('details', [element('summary', text.hours), ...drawHours(hours)]));
  return card;
}

/** Shows the API's sentences ("Open until 5:00 pm"), and asks for new ones when the first of them stops being true. */
function showStatuses(locations) {
  for (const { slug, status } of locations) showStatus(statusLines.get(slug), status);
  const ends = locations.filter(({ status }) => status?.validUntil).map(({ status }) => Date.parse(status.validUntil));
  const wait = Math.min(...ends) - Date.now() + SECOND;
  // Not at once, as this computer's clock may be ahead of the server's. And hourly, as the clinic may change its hours.
  setTimeout(refreshStatuses, Math.min(Math.max(wait, 10 * SECOND), HOUR));
}

function showStatus(line, status) {
  // A location that was added since the page was loaded has no line.
  if (!line) return;
  line.textContent = status?.text ?? '';
  line.dataset.open = status?.isOpen ?? 'unknown';
}

async function refreshStatuses() {
  try {
    showStatuses(await askLocations());
  } catch {
    // The old sentences may be wrong now.
    for (const line of statusLines.values()) showStatus(line, null);
    setTimeout(refreshStatuses, MINUTE);
  }
}

function drawHours(hours) {
  if (!hours?.days) return [element('p', text.hoursUnknown)];
  const rows = hours.days.map(({ day, periods }) =>
    element('tr', [element('th', formatDay(day), { scope: 'row' }), element('td', formatPeriods(periods))]),
  );
  const date = dateFormat({ dateStyle: 'medium', timeZone: 'UTC' });
  const others = [
    ...hours.changes.map(({ validFrom, text: words }) => `${text.from(date.format(new Date(validFrom)))}: ${words}`),
    ...hours.exceptions.map(
      ({ startsOn, endsOn, text: words }) => `${date.formatRange(new Date(startsOn), new Date(endsOn))}: ${words}`,
    ),
  ];
  const list = element(
    'ul',
    others.map(words => element('li', words)),
  );
  return [element('table', element('tbody', rows)), ...(others.length > 0 ? [list] : [])];
}

/** "monday" in the visitor's language */
function formatDay(day) {
  const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
  // The first of January 2024 was a Monday.
  return dateFormat({ weekday: 'long', timeZone: 'UTC' }).format(Date.UTC(2024, 0, 1 + days.indexOf(day)));
}

function formatPeriods(periods) {
  if (periods.length === 0) return text.closed;
  return periods
    .map(({ opens, closes, access, note }) => {
      const times = opens === closes ? text.allDay : `${formatTime(opens)}–${formatTime(closes)}`;
      return [times, text.access[access], note].filter(Boolean).join(', ');
    })
    .join('; ');
}

/** "17:00" as "5:00 pm" */
function formatTime(time) {
  const format = dateFormat({ hour: 'numeric', minute: '2-digit', timeZone: 'UTC' });
  return format.format(new Date(`2024-01-01T${time}Z`)).toLowerCase();
}

// ---- The contact form -----------------------------------------------------------------------------------------------

// What browsers know of their users.
const AUTOCOMPLETE = { name: 'name', email: 'email', telephone: 'tel' };

/** The form as the API describes it. Its labels, choices and notices are in the visitor's language. */
async function drawForm() {
  const { schema, locations, preferredContacts, notices, honeypot } = await ask('v1/contact-form');
  const choices = { location: locations, preferredContact: preferredContacts };
  const fields = Object.keys(schema.properties).filter(name => schema.properties[name]['x-control'] !== 'none');
  const shownAt = performance.now();
  let last = {};

  const status = element('p', [], { role: 'status' });
  const form = element('form', [
    ...fields.map(name => drawField(name, schema.properties[name], schema.required.includes(name), choices[name])),
    // Programs fill this in. People do not find it.
    element('input', [], { name: honeypot, className: 'unseen', tabIndex: -1, autocomplete: 'off', ariaHidden: 'true' }),
    element('button', text.send),
    status,
  ]);
  // The API checks the fields, and explains better than the browser what is wrong.
  form.noValidate = true;
  form.addEventListener('submit', send);
  return [...drawNotices(notices), form];

  async function send(event) {
    event.preventDefault();
    // A second press while the first one is on its way.
    if (form.ariaBusy === 'true') return;
    form.ariaBusy = 'true';
    showErrors([]);
    status.textContent = text.sending;
    try {
      showReceipt(await post(readForm()));
    } catch (error) {
      showFailure(error);
    }
    form.ariaBusy = 'false';
  }

  function readForm() {
    const message = {};
    for (const name of [...fields, honeypot]) {
      const control = form.elements[name];
      message[name] = control.type === 'checkbox' ? control.checked : control.value || null;
    }
    return message;
  }

  /** Sends a message. Sent again unchanged, it has the same key, so that the API stores it once. */
  async function post(message) {
    const content = JSON.stringify(message);
    if (content !== last.content) last = { content, key: crypto.randomUUID() };
    // Asked again, since the clinic may use challenges by now.
    const { challenge, submitTo } = await ask('v1/contact-form', { cache: 'no-cache' });
    const altcha = challenge.url ? await solve(await ask(challenge.url)) : null;
    const secondsToFill = (performance.now() - shownAt) / SECOND;
    return ask(submitTo, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': `"${last.key}"` },
      body: JSON.stringify({ ...message, altcha, secondsToFill }),
    });
  }

  // What was typed stays in the form.
  function showFailure(error) {
    if (!(error instanceof Problem)) status.textContent = text.notSent;
    else if (error.status === 429) status.textContent = text.tooMany(formatWait(error.retryAfter));
    else if (error.retryAfter > 0) status.textContent = text.busy(formatWait(error.retryAfter));
    else if (error.status === 422) showErrors(error.errors);
    else status.textContent = error.message;
  }

  /** Shows each error next to its field, and the others below the form. */
  function showErrors(errors) {
    for (const name of fields) {
      const details = errors.filter(error => error.pointer === `#/${name}`).map(error => error.detail);
      document.getElementById(`contact-${name}-error`).textContent = details.join(' ');
      for (const control of form.querySelectorAll(`[name=${name}]`))
        control.ariaInvalid = details.length > 0 ? 'true' : null;
    }
    const others = errors.filter(error => !fields.some(name => error.pointer === `#/${name}`));
    status.textContent = others.map(error => error.detail).join(' ');
    if (errors.length > others.length) status.textContent = text.correct;
    form.querySelector('[aria-invalid=true]')?.focus();
  }
}

function showReceipt({ reference, replyBy, afterHours, notices }) {
  const part = document.getElementById('contact');
  const title = element('h3', text.sent, { tabIndex: -1 });
  const code = element('strong', reference, { className: 'reference' });
  const answer = [];
  if (afterHours) answer.push(text.afterHours);
  if (replyBy)
    answer.push(text.replyBy(dateFormat({ dateStyle: 'full', timeStyle: 'short' }).format(new Date(replyBy))));
  part.replaceChildren(
    title,
    element('p', [`${text.reference} `, code, '.']),
    element('p', answer.join(' ')),
    ...drawNotices(notices),
    button(text.another, () => fill(part, drawForm)),
  );
  title.focus();
}

function drawNotices({ emergency, privacy }) {
  const drawn = [];
  if (emergency) drawn.push(element('p', emergency, { className: 'emergency' }));
  if (privacy) drawn.push(element('p', privacy, { className: 'facts' }));
  return drawn;
}

/** A field with its label and a place for its error. */
function drawField(name, rules, required, choices) {
  const kind = rules['x-control'];
  const id = `contact-${name}`;
  const error = element('p', [], { id: `${id}-error`, className: 'error' });
  function control(tag, children, properties) {
    const common = { id, name, required, autocomplete: AUTOCOMPLETE[name] ?? 'off' };
    const node = element(tag, children, { ...common, ...properties });
    node.setAttribute('aria-describedby', error.id);
    return node;
  }

  switch (kind) {
    case 'radio': {
      const radios = choices.map(({ value, label }) =>
        element('label', [control('input', [], { type: kind, value, id: `${id}-${value}` }), label]),
      );
      return element('fieldset', [element('legend', rules.title), ...radios, error]);
    }
    case 'checkbox':
      return drawLabelled([control('input', [], { type: kind }), rules.title], []);
    case 'select': {
      const options = choices.map(({ value, label }) => new Option(label, value));
      return drawLabelled(rules.title, control('select', [new Option(text.choose, ''), ...options]));
    }
    case 'textarea':
      return drawLabelled(rules.title, control('textarea', [], { rows: 6 }));
    default:
      return drawLabelled(rules.title, control('input', [], { type: kind }));
  }

  function drawLabelled(label, below) {
    return element('div', [element('label', label, { htmlFor: id }), below, error].flat(), { className: 'field' });
  }
}

/** Solves an ALTCHA challenge: finds the number whose hash it names. The npm package `altcha` does the same. */
async function solve({ algorithm, challenge, salt, signature, maxnumber }) {
  for (let number = 0; number <= maxnumber; number++) {
    const hash = new Uint8Array(await crypto.subtle.digest(algorithm, new TextEncoder().encode(salt + number)));
    const digits = Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('');
    if (digits === challenge) return btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
  }
  return null;
}

// ---- Start ----------------------------------------------------------------------------------------------------------

document.documentElement.lang = language;
document.title = text.clinic;
for (const node of document.querySelectorAll('[data-text]')) node.textContent = text[node.dataset.text];
for (const link of document.querySelectorAll('#home-link, #back')) link.href = linkTo({});
for (const [lang, { language: name }] of Object.entries(TEXTS)) {
  const href = `?${new URLSearchParams({ ...Object.fromEntries(query), lang })}`;
  const link = element('a', name, { lang, href, ariaCurrent: String(lang === language) });
  document.getElementById('languages').append(link);
}

const slug = query.get('article');
document.getElementById(slug ? 'article-page' : 'home').hidden = false;
if (slug) {
  fill(document.getElementById('article'), () => showArticle(slug));
} else {
  fill(document.getElementById('locations'), showLocations);
  fill(document.getElementById('articles'), listArticles);
  fill(document.getElementById('contact'), drawForm);
}
