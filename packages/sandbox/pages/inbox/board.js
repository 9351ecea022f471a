/* global document, fetch, CustomEvent */
/** Works the CRM board: deals are moved by dragging or by choosing a stage. The page draws itself anew afterwards. */
async function send(method, path, body = {}) {
  const answer = await fetch(path, {
    method,
    ...(method === 'POST' && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  return answer.ok;
}

const move = (deal, statusId, pipelineId) =>
  send('POST', `/__sim/amocrm/leads/${encodeURIComponent(deal)}/move`, {
    statusId: Number(statusId),
    pipelineId: Number(pipelineId),
  });

document.addEventListener('change', (event) => {
  const deal = event.target.dataset?.move;
  if (deal === undefined) return;
  const [pipelineId, statusId] = event.target.value.split(':');
  void move(deal, statusId, pipelineId);
});

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-post], [data-delete]');
  if (button === null) return;
  const { post } = button.dataset;
  void send(post === undefined ? 'DELETE' : 'POST', post ?? button.dataset.delete);
});

const columnOf = (event) => event.target.closest?.('[data-stage]') ?? null;
const light = (column) => {
  for (const each of document.querySelectorAll('.column.over')) each.classList.remove('over');
  column?.classList.add('over');
};

// While something is dragged the list must not be replaced: inbox.js looks at this mark.
document.addEventListener('dragstart', (event) => {
  const card = event.target.closest?.('[data-deal]');
  if (!card) return;
  event.dataTransfer.setData('text/x-deal', card.dataset.deal);
  event.dataTransfer.effectAllowed = 'move';
  document.body.dataset.dragging = 'true';
});
document.addEventListener('dragover', (event) => {
  const column = columnOf(event);
  light(column);
  if (column !== null && document.body.dataset.dragging) event.preventDefault();
});
document.addEventListener('drop', (event) => {
  const column = columnOf(event);
  const deal = event.dataTransfer.getData('text/x-deal');
  if (column === null || deal === '') return;
  event.preventDefault();
  void move(deal, column.dataset.stage, column.dataset.pipeline);
});
document.addEventListener('dragend', () => {
  light(null);
  delete document.body.dataset.dragging;
  document.dispatchEvent(new CustomEvent('refresh-page'));
});
