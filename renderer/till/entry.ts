/** What a hand types at the till, read before any of it is sent. */

/** `3*690…` typed or pasted in one go: how many of what follows, and what follows. Count is null without a `*`. */
export function splitQuantity(text: string): Readonly<{ count: number | null; code: string }> {
  const match = /^(\d{1,4})[*×](.*)$/.exec(text);
  const count = Number(match?.[1] ?? 0);
  return match === null || count === 0 ? { count: null, code: text } : { count, code: (match[2] ?? '').trim() };
}

/** Keeps what can stand in a number, so that a word of an input method leaves nothing behind. */
export function cleanNumber(text: string, point: boolean): string {
  const plain = text.normalize('NFKC').replaceAll('。', '.');
  return plain.replaceAll(point ? /[^\d.]/g : /\D/g, '');
}

/** W and Z are what a cashier looks for; further channels take the next letters that nothing else has. */
export function channelKey(name: string, index: number): string | null {
  if (name.includes('微信')) return 'w';
  if (name.includes('支付宝')) return 'z';
  return ['u', 'i', 'o'][Math.max(0, index - 2)] ?? null;
}

/** What the page of a new till still misses, as a sentence; null when all is there. */
export function enrolFault(code: string, managerName: string, pin: string, again: string): string | null {
  if (code.trim().length < 6) return '请填注册码';
  if (managerName.trim() === '') return '请填店长姓名';
  if (!/^\d{4,6}$/.test(pin)) return '密码是 4 到 6 位数字';
  return pin === again ? null : '两次密码不一样';
}
