/** How /docs looks: Swagger UI made for a wide screen, so that it can be read and tried on a phone too. */

/** What a response means, and its example, one below the other: beside each other the example has eighty pixels. */
const CSS = `
.swagger-ui .topbar { display: none; }
.swagger-ui .info { margin: 24px 0; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 12px; }
  .swagger-ui .info .title { font-size: 26px; }
  .swagger-ui .scheme-container { margin-bottom: 8px; padding: 12px 0; }
  .swagger-ui .opblock-summary-method { min-width: 58px; padding: 6px 4px; }
  .swagger-ui .opblock-section-header, .swagger-ui .table-container { padding: 8px 12px; }
  .swagger-ui .responses-inner { padding: 8px 12px; }
  .swagger-ui table thead { display: none; }
  .swagger-ui table tbody, .swagger-ui table tr, .swagger-ui table td { display: block; width: auto; max-width: none; }
  .swagger-ui table.model tr { display: table-row; }
  .swagger-ui table.model td { display: table-cell; }
  .swagger-ui table tbody tr td, .swagger-ui table tbody tr td:first-of-type { padding: 4px 0; min-width: 0; }
  .swagger-ui .response-col_links { display: none; }
  .swagger-ui .response-col_status { font-weight: 700; }
  .swagger-ui .parameters-col_description input, .swagger-ui .parameters-col_description select { width: 100%; max-width: none; }
}
`;

/** Options of `@fastify/swagger-ui`. */
export const docsLook = {
  theme: { title: 'Leadwire API', css: [{ filename: 'docs.css', content: CSS }] },
  uiConfig: { defaultModelsExpandDepth: -1 },
};
