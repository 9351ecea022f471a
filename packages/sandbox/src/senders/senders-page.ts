/**
 * `/senders/`: fires each builder's real request at landing-api, as an invented person, and shows what was sent and
 * answered. Works without JavaScript; the post comes from this process, as the builders' posts come from theirs.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { html, type Html } from '../pages/html.ts';
import type { PagePlugin } from '../sandbox.ts';
import type { Builder } from './builder.ts';
import { builders } from './builders.ts';
import { facebookWays, throughFacebook } from './facebook-direct.ts';

const TIMEOUT_MS = 10_000;
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const NO_API = 'Адрес landing-api не настроен (LANDING_API_URL).';
/** On the button of a sender's own trial of the address. */
const TRIAL = ':trial';

const shotSchema = z.object({
  builder: z.string(),
  form: z.string().regex(/^[\w-]{1,64}$/, 'форма: латинские буквы, цифры, - и _'),
  secret: z.string().max(200).default(''),
  name: z.string().max(200),
  phone: z.string().max(50),
  email: z.string().max(200),
  id: z.string().max(100),
});
type Shot = z.infer<typeof shotSchema>;

export type SendersSettings = {
  /** Where this process reaches landing-api. */
  apiUrl?: string | undefined;
};

/** The page as a plug-in of the sandbox. */
export function sendersPage({ apiUrl }: SendersSettings): PagePlugin {
  return {
    name: 'senders',
    mount(app) {
      void app.register((scope, _options, done) => {
        routes(scope, apiUrl);
        done();
      });
    },
  };
}

function routes(app: FastifyInstance, apiUrl: string | undefined): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, parsed) => parsed(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.get('/senders', (_request, reply) => reply.redirect('/senders/'));
  app.get('/senders/', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .send(page(freshShot(), apiUrl)),
  );
  app.post('/senders/', async (request, reply) => {
    const shot = shotSchema.safeParse(request.body);
    const said =
      shot.data === undefined
        ? trouble(shot.error.issues[0]?.message ?? 'Поля заполнены не так.')
        : await send(app, shot.data, apiUrl);
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .send(page(shot.data ?? freshShot(), apiUrl, said));
  });
}

function freshShot(): Shot {
  const digits = String(Math.floor(Math.random() * 10_000)).padStart(4, '0');
  return {
    builder: 'tilda',
    form: 'demo',
    secret: '',
    name: 'Айсулу Проба',
    phone: `8 (700) 000-${digits.slice(0, 2)}-${digits.slice(2)}`,
    email: `aisulu.${digits}@mail.leadwire-sample.kz`,
    id: `1000001:${Date.now()}`,
  };
}

/** What came of the button that was pressed. */
async function send(app: FastifyInstance, shot: Shot, apiUrl: string | undefined): Promise<Html> {
  const isTrial = shot.builder.endsWith(TRIAL);
  const id = isTrial ? shot.builder.slice(0, -TRIAL.length) : shot.builder;
  const way = facebookWays.find((each) => each.id === id);
  if (way) {
    const { name, phone, email } = shot;
    return answered(way.title, await throughFacebook(app, way, { name, phone, email }));
  }
  const builder = builders.find((each) => each.id === id);
  const request = isTrial ? builder?.trial : builder?.request;
  if (builder === undefined || request === undefined) return trouble('Такого отправителя нет.');
  if (apiUrl === undefined) return trouble(NO_API);
  return fire({ ...builder, request }, shot, apiUrl);
}

async function fire(builder: Builder, shot: Shot, apiUrl: string): Promise<Html> {
  const { name, phone, email, id, secret } = shot;
  const sent = builder.request({
    person: { name, phone, email },
    id,
    secret: secret === '' ? undefined : secret,
    now: Date.now(),
  });
  const address = `${apiUrl}/api/forms/${shot.form}${sent.query === '' ? '' : `?${sent.query}`}`;
  const answer = await fetch(address, {
    method: 'POST',
    headers: sent.headers,
    body: sent.body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).then(
    async (response) => `${response.status} ${await response.text()}`,
    () => 'нет ответа',
  );
  const headers = Object.entries(sent.headers).map(([header, value]) => `${header}: ${value}`);
  return answered(builder.title, {
    answer,
    sent: ['POST /api/forms/' + shot.form, ...headers, '', sent.body].join('\n'),
  });
}

function answered(title: string, { answer, sent }: { answer: string; sent: string }): Html {
  return html`<section class="card sent" aria-label="Ответ">
    <h2>${title}</h2>
    <p>Ответ: <b id="answer">${answer}</b></p>
    <pre>${sent}</pre>
  </section>`;
}

function trouble(words: string): Html {
  return html`<p class="alert" role="alert">${words}</p>`;
}

const button = (value: string, title: string): Html =>
  html`<button type="submit" name="builder" value="${value}">${title}</button>`;

function page(shot: Shot, apiUrl: string | undefined, said?: Html): string {
  const field = (name: keyof Shot, label: string) =>
    html`<label class="field"
      ><span>${label}</span><input name="${name}" value="${shot[name]}"
    /></label>`;
  return html`<!doctype html>
    <html lang="ru">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="dark light" />
        <title>Leadwire · отправители</title>
        <link rel="icon" href="/inbox/assets/icon.svg" />
        <link rel="stylesheet" href="/forms/forms.css" />
      </head>
      <body>
        <header class="top">
          <a class="brand" href="/"><span class="dot"></span>Leadwire <small>отправители</small></a>
          <nav class="links">
            <a href="/">Письма и SMS</a> <a href="/inbox/amocrm">AmoCRM</a>
            <a href="/inbox/telegram">Telegram</a> <a href="/inbox/facebook">Facebook</a>
            <a href="/forms/">Формы</a>
          </nav>
        </header>
        <main>
          <div class="intro">
            <h1>Заявка так, как её шлёт конструктор</h1>
            <p>
              Выберите, кто отправляет, и нажмите кнопку. Повтор с тем же номером заявки останется
              одной заявкой. Формы заводятся командой npm run leadwire -- forms add demo.
            </p>
          </div>
          ${apiUrl === undefined && trouble(NO_API)} ${said}
          <form class="card" method="post" action="/senders/" autocomplete="off">
            <div class="fields pairs">
              ${field('form', 'Форма')} ${field('secret', 'Ключ, если он у формы есть')}
              ${field('name', 'Имя')} ${field('phone', 'Телефон')} ${field('email', 'Почта')}
              ${field('id', 'Номер заявки у отправителя')}
            </div>
            <ul class="senders">
              ${builders.map(
                ({ id, title, hint, trial }) =>
                  html`<li>
                    ${button(id, title)} ${trial && button(id + TRIAL, 'Проверка адреса')}
                    <p>${hint}</p>
                  </li>`,
              )}
              ${facebookWays.map(
                ({ id, title, hint }) =>
                  html`<li>
                    ${button(id, title)}
                    <p>${hint}</p>
                  </li>`,
              )}
            </ul>
          </form>
        </main>
      </body>
    </html>`.markup;
}
