export interface DueOptions {
  messages: number | undefined;
  processes: number[] | undefined;
}
export async function benchDue(_options: DueOptions): Promise<string[]> {
  return [];
}
