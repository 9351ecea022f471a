/** What a service says of itself at `/metrics`, without a Prometheus. */

export interface MeasuredService {
  url: string;
  /** Where /metrics asks for one. */
  adminToken?: string;
}

/** All values of a measure added up; of those with all of the labels, if some are given. @throws when it does not answer. */
export type ReadMeasure = (name: string, labels?: Record<string, string>) => number;

/** Reads `/metrics` once. @throws when it does not answer. */
export async function readMeasures({
  url,
  adminToken = '',
}: MeasuredService): Promise<ReadMeasure> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const response = await fetch(`${url}/metrics`, { headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}/metrics: ${response.status}`);
  const lines = text.split('\n');
  return (name, labels = {}) => {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return lines
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => wanted.every((each) => line.includes(each)))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
}
