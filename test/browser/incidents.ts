/** What must not happen on any page: script errors, dialogs, calls to anybody else. */
import type { Page } from 'playwright-core';

export interface Watched {
  /** Whom the page may call. */
  origins: readonly string[];
  /** Gets a line for each; a dialog is closed, so that the test goes on. */
  incidents: string[];
}

/** From now on, until the page is closed. */
export function watchPage(page: Page, { origins, incidents }: Watched): void {
  page.on('pageerror', (error) => incidents.push(`script error: ${error.message}`));
  page.on('dialog', (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    const isKnown = origins.includes(origin);
    if (protocol.startsWith('http') && !isKnown) incidents.push(`call to ${request.url()}`);
  });
}
