import type { ProviderAnswer } from '../../world/provider.ts';

/** Codes of the envelope (docs "API response codes") with words of the kind the Russian panel uses. */
export const messages = {
  0: '',
  1: 'Ошибка валидации данных. Проверьте правильность заполнения полей.',
  2: 'Запись не найдена или доступ к ней запрещён.',
  3: 'Неизвестная ошибка приложения.',
  4: 'Указан неверный модуль.',
  5: 'Указан неверный метод.',
  6: 'Указан неверный формат ответа.',
  8: 'Ошибка авторизации: неверный ключ API или истёк срок сессии.',
  9: 'Доступ к методу запрещён.',
  10: 'Не удалось сохранить данные: запись изменяется или находится в неподходящем состоянии.',
  11: 'Отсутствует обязательный параметр.',
  12: 'Параметр не соответствует установленным ограничениям.',
  13: 'Аккаунт обслуживается на другом региональном сервере.',
  14: 'Аккаунт заблокирован или удалён.',
  15: 'Операция завершилась ошибкой.',
  30: 'Превышена частота вызова метода. Повторите попытку позже.',
  98: 'Операция выполнена частично.',
  99: 'Ни одна из операций не выполнена.',
  100: 'Операция выполняется в фоновом режиме.',
  999: 'Общая ошибка сервиса.',
} as const satisfies Record<number, string>;

export type MobizonCode = keyof typeof messages;

/** What a method answers: the envelope's code and data, and its words when they are special. */
export type MobizonResult = { code: MobizonCode; data: unknown; message?: string };

/** A refusal; thrown by whatever finds the fault, answered in one place. */
export class MobizonError extends Error {
  override readonly name = 'MobizonError';
  readonly result: MobizonResult;
  constructor(code: MobizonCode, data: unknown = '', message?: string) {
    super(`code ${code}`);
    this.result = { code, data, message: message ?? messages[code] };
  }
}

/** Field errors as code 1 carries them: field -> list of messages. */
export function invalid(field: string, message: string): MobizonError {
  return new MobizonError(1, { [field]: [message] });
}

/** Wraps a result into HTTP 200: Mobizon reports its errors inside. */
export function envelope({ code, data, message }: MobizonResult): ProviderAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ code, data, message: message ?? messages[code] }),
    accepted: code === 0 || code === 98 || code === 100,
  };
}

/** Its infrastructure failing: a web server's page, no envelope. */
export function failure(status: number): ProviderAnswer {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html>\n<head><title>${status}</title></head>\n<body><center><h1>${status}</h1></center><hr><center>nginx</center></body>\n</html>\n`,
    accepted: false,
  };
}
