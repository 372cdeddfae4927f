import type { Ledger } from './ledger/ledger.ts';

/** How the shop is called on screens and receipts, as the town said at enrolment; working state, not a record. */
export type Shop = Readonly<{
  townName: string;
  shopName: string;
  shopAddress: string;
  hotline: string;
  tillName: string;
  townKey: string;
}>;

const NO_SHOP: Shop = {
  townName: '',
  shopName: '信用惠民超市',
  shopAddress: '',
  hotline: '',
  tillName: '',
  townKey: '',
};

/** The text that was read last and what it says: it changes once in a till's life and is asked for at every receipt. */
let read: Readonly<{ text: string; shop: Shop }> | null = null;

export function readShop(ledger: Ledger): Shop {
  const text = ledger.setting('shop');
  if (text === null) return NO_SHOP;
  if (read?.text !== text) read = { text, shop: JSON.parse(text) as Shop };
  return read.shop;
}

export function writeShop(ledger: Ledger, shop: Shop): void {
  ledger.setSetting('shop', JSON.stringify(shop));
}

/** A name as others may read it: the first character and stars. */
export function maskName(name: string): string {
  return `${Array.from(name)[0] ?? ''}**`;
}
