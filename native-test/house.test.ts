import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { offencesIn, type SourceFile } from './house.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['electron', 'shared', 'renderer', 'town-server', 'native-test', 'scripts', 'resources'];

function sourceFiles(): SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = join(folder, entry.name);
      if (entry.isDirectory()) walk(full);
      else if (/\.tsx?$/.test(entry.name)) {
        files.push({ path: relative(root, full).split(sep).join('/'), source: readFileSync(full, 'utf8') });
      }
    }
  };
  const present = new Set(readdirSync(root));
  for (const folder of FOLDERS) if (present.has(folder)) walk(join(root, folder));
  for (const name of present) {
    if (name.endsWith('.ts')) files.push({ path: name, source: readFileSync(join(root, name), 'utf8') });
  }
  return files;
}

function rulesBroken(path: string, source: string): string[] {
  return offencesIn([{ path, source }]).map((offence) => offence.rule);
}

test('the house keeps its own rules', () => {
  const told = offencesIn(sourceFiles()).map((offence) => `${offence.path}:${offence.line} ${offence.rule}`);
  expect(told).toEqual([]);
});

describe('a planted import is reported', () => {
  for (const [path, source, expected] of [
    ['shared/money.ts', "import { openCore } from '../electron/core/core.ts';", 'shared may not import core'],
    ['shared/money.ts', "import type { Sheet } from 'exceljs';", 'shared imports nothing but zod'],
    ['shared/sale.ts', "import { oc } from '@orpc/contract';", 'contract library stands only in'],
    ['shared/till-contract.ts', "import { os } from '@orpc/server';", 'shared imports nothing but zod'],
    ['shared/money.ts', "import { readFileSync } from 'node:fs';", 'shared imports nothing but zod'],
    ['electron/core/checkout.ts', "import { usb } from '../devices/simulated.ts';", 'core may not import devices'],
    ['electron/core/checkout.ts', "import { serve } from '../serve.ts';", 'core may not import host'],
    ['electron/core/checkout.ts', "import { app } from 'electron';", 'only main.ts and preload.ts import electron'],
    ['electron/core/checkout.ts', "const { app } = await import('electron');", 'only main.ts and preload.ts'],
    ['electron/core/checkout.ts', "import { WebSocketServer } from 'ws';", 'knows no shell, socket or screen'],
    ['electron/core/checkout.ts', "import { useState } from 'react';", 'knows no shell, socket or screen'],
    ['electron/core/shifts.ts', "import Database from 'better-sqlite3';", 'only electron/core/ledger writes SQLite'],
    ['electron/core/shifts.ts', "import { os } from '@orpc/server';", 'contract library stands only in'],
    ['electron/devices/scale.ts', "import { openCore } from '../core/core.ts';", 'devices may not import core'],
    ['electron/main.ts', "import { openCore } from './core/core.ts';", 'main may not import core'],
    ['electron/main.ts', "import Fastify from 'fastify';", 'imports only electron, node: and shared'],
    ['electron/cli.ts', "import { openTown } from '../town-server/town.ts';", 'host may not import town-server'],
    ['renderer/till/page.tsx', "import { openCore } from '../../electron/core/core.ts';", 'may not import core'],
    ['renderer/till/page.tsx', "import Database from 'better-sqlite3';", 'pages import only shared'],
    ['town-server/intake.ts', "import { fold } from '../electron/core/ledger/journal.ts';", 'may not import core'],
    [
      'town-server/intake.ts',
      "export { fold } from '../renderer/parts/fold.ts';\nexport const one = 1;",
      'may not import renderer',
    ],
    ['shared/money.ts', "import { fen } from './quantity';", 'carries its extension'],
    ['shared/money.ts', "export type Page = import('../renderer/parts/page.tsx').Page;", 'may not import renderer'],
  ] as const) {
    test(`${path}: ${source}`, () => {
      expect(rulesBroken(path, source)).toEqual([expect.stringContaining(expected)]);
    });
  }
});

describe('what the arrows allow is not reported', () => {
  for (const [path, source] of [
    ['shared/sale.ts', "import * as z from 'zod';\nimport { fen } from './money.ts';"],
    ['shared/till-contract.ts', "import { oc } from '@orpc/contract';"],
    ['shared/sale.test.ts', "import { test } from 'vitest';\nimport fc from 'fast-check';"],
    ['electron/core/core.ts', "import { priceSale } from '../../shared/pricing.ts';\nimport 'node:path';"],
    ['electron/core/ledger/journal.ts', "import Database from 'better-sqlite3';"],
    ['electron/core-process.ts', "import { openCore } from './core/core.ts';"],
    ['electron/main.ts', "import { app } from 'electron';\nimport { join } from 'node:path';"],
    ['renderer/till/page.tsx', "import './page.css';\nimport { useState } from 'react';"],
    ['town-server/intake.ts', "import { fold } from '../shared/journal.ts';\nimport pg from 'pg';"],
    ['shared/money.ts', "// import { app } from 'electron' and Date.now() and enum\nexport const text = 'new Date()';"],
  ] as const) {
    test(`${path}: ${source}`, () => expect(rulesBroken(path, source)).toEqual([]));
  }
});

describe('a banned call or form is reported', () => {
  for (const [path, source, expected] of [
    ['shared/sale.ts', 'export const atMs = Date.now();', 'the clock is passed in'],
    ['electron/core/shifts.ts', 'export const at = new Date();', 'the clock is passed in'],
    ['electron/core/shifts.ts', 'export const id = Math.random();', 'ids are passed in'],
    ['shared/sale.ts', "export const mode = process.env['MODE'];", 'settings are passed in'],
    ['shared/sale.ts', "export const fen = parseFloat('1.1');", 'integers'],
    ['town-server/intake.ts', "export const fen = Number.parseFloat('1.1');", 'integers'],
    ['town-server/intake.ts', 'export const text = (1).toFixed(2);', 'integers'],
    ['renderer/parts/page.tsx', 'export const loose: any = 1;', 'no any'],
    ['scripts/start.ts', 'export enum Mode { Demo }', 'no enum'],
    ['shared/index.ts', "export { fen } from './money.ts';\nexport const one = 1;", 'no barrel files'],
    ['shared/all.ts', "export * from './money.ts';", 'no barrel files'],
    ['shared/utils.ts', 'export const one = 1;', 'never utils'],
    ['shared/sale.ts', `export const long = '${'x'.repeat(140)}';`, 'at most 140 characters'],
  ] as const) {
    test(`${path}: ${source.slice(0, 60)}`, () => {
      expect(rulesBroken(path, source)).toEqual([expect.stringContaining(expected)]);
    });
  }

  test('a date made from a given time is no clock', () => {
    expect(rulesBroken('shared/sale.ts', 'export const at = new Date(0);')).toEqual([]);
  });
});

describe('what is shipped', () => {
  test('the lockfile names no registry: the parts come from whichever one npm is set to, and their hashes stand beside', () => {
    const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const text = JSON.stringify(lock);
    const hosts = [...text.matchAll(/"resolved":"([a-z+]+:\/\/[^/"]+)/g)].map((match) => match[1]);
    expect(hosts).toEqual([]);
  });

  test('every part has an exact version', () => {
    const wanted: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const loose: string[] = [];
    for (const group of ['dependencies', 'devDependencies', 'optionalDependencies']) {
      const parts = typeof wanted === 'object' && wanted !== null && group in wanted ? Reflect.get(wanted, group) : {};
      for (const [name, version] of Object.entries(parts as Record<string, string>)) {
        if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) loose.push(`${name}@${version}`);
      }
    }
    expect(loose).toEqual([]);
  });

  test('electron-builder.yml is one that electron-builder accepts', async () => {
    // The builder offers this check only at an internal path; its version is pinned, so the path cannot move unseen.
    const require = createRequire(import.meta.url);
    const builder = createRequire(require.resolve('electron-builder/package.json'));
    const config = builder('app-builder-lib/out/util/config/config') as {
      getConfig: (folder: string, file: string, options: null) => Promise<Record<string, unknown>>;
      validateConfiguration: (config: Record<string, unknown>, log: { isEnabled: boolean }) => Promise<void>;
    };
    const read = await config.getConfig(root, 'electron-builder.yml', null);
    expect(read['npmRebuild']).toBe(false);
    await config.validateConfiguration(read, { isEnabled: false });
    await expect(config.validateConfiguration({ ...read, noSuchOption: 1 }, { isEnabled: false })).rejects.toThrow(
      'noSuchOption',
    );
  });
});

test('peers A6: no page of the counter keeps anything in the storage of a browser, which may throw it away', () => {
  for (const folder of ['till', 'customer-display', 'parts']) {
    for (const name of readdirSync(join(root, 'renderer', folder))) {
      if (/\.tsx?$/.test(name))
        expect(readFileSync(join(root, 'renderer', folder, name), 'utf8'), name).not.toMatch(/localStorage|indexedDB/);
    }
  }
});
