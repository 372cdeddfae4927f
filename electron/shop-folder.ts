import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { deviceSettingsSchema } from '../shared/device-set-up.ts';

/**
 * A shop folder: `till` holds the core's data, `town` the demo town's, `practice` what somebody practises on, and
 * `shop.json` says which shop it is. Everything that the core itself decides on lies in its ledger; this file is only
 * what a host must know before it opens the core.
 */
const shopSchema = z.object({
  /** A demo shop has a town of its own on this machine and simulated devices. */
  demo: z.boolean(),
  /** Where the town answers; null in a demo shop, whose town takes a new port at each start. */
  townUrl: z.url({ protocol: /^https?$/ }).nullable(),
  /** Written last by the set-up of a demo shop, so that one which was cut short is set up again. */
  furnished: z.boolean().default(false),
  /** What stands at the counter; a demo shop simulates it. */
  devices: deviceSettingsSchema,
  /** Where each night's backup goes (another disk; null: a folder beside the ledger), and how many stay. */
  backups: z.object({ folder: z.string().nullable(), keep: z.int().min(1).max(400) }).optional(),
});
export type Shop = z.infer<typeof shopSchema>;

export type ShopRead =
  | Readonly<{ kind: 'shop'; shop: Shop }>
  | Readonly<{ kind: 'empty' }>
  | Readonly<{ kind: 'refused'; reason: 'otherFolder' | 'damagedShopFile' | 'unreadable'; detail: string }>;

export const tillFolder = (folder: string): string => join(folder, 'till');
export const townFolder = (folder: string): string => join(folder, 'town');
/** There only while somebody practises; no shop of its own, so that no command line takes it for one. */
export const practiceFolder = (folder: string): string => join(folder, 'practice');
const shopFile = (folder: string): string => join(folder, 'shop.json');

/** Which shop a folder holds. A folder with other things in it is never taken for a shop. */
export function readShop(folder: string): ShopRead {
  let text: string;
  try {
    if (!existsSync(folder)) return { kind: 'empty' };
    if (!existsSync(shopFile(folder))) {
      const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
      return names.length === 0 ? { kind: 'empty' } : { kind: 'refused', reason: 'otherFolder', detail: folder };
    }
    text = readFileSync(shopFile(folder), 'utf8');
  } catch (error) {
    return { kind: 'refused', reason: 'unreadable', detail: error instanceof Error ? error.message : String(error) };
  }
  const parsed = shopSchema.safeParse(parseJson(text));
  return parsed.success
    ? { kind: 'shop', shop: parsed.data }
    : { kind: 'refused', reason: 'damagedShopFile', detail: shopFile(folder) };
}

/** Writes the shop's file beside itself and renames it, so that a power cut leaves the old or the new one. */
export function writeShop(folder: string, shop: Shop): void {
  mkdirSync(folder, { recursive: true });
  const draft = `${shopFile(folder)}.new`;
  writeFileSync(draft, `${JSON.stringify(shop, null, 2)}\n`, { flush: true });
  renameSync(draft, shopFile(folder));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
