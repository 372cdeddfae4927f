import type { CardView, MemberView } from '../../../shared/member.ts';
import { policySchema, type Policy } from '../../../shared/policy.ts';
import type { SignedDocument } from '../../../shared/signed.ts';
import type { Ledger } from './ledger.ts';

/** What the town says and the till only repeats: replaced by newer versions, never authoritative. */
export function createReplicas(ledger: Ledger) {
  let revision = 0;
  let policies: Policy[] | null = null;
  let heardMs = Number(ledger.setting('membersAsOfMs') ?? '0');
  return {
    /** Changes with every member, card or freshness that was heard. */
    revision: (): number => revision,
    /** When the town last said that this is all there is to know of its members; 0 before the first time. */
    heardMs: (): number => heardMs,
    noteHeard: (atMs: number): void => {
      revision += 1;
      heardMs = atMs;
      ledger.setSetting('membersAsOfMs', String(atMs));
    },
    putMember: (view: MemberView, incarnation: number): void => {
      revision += 1;
      ledger.run(
        `INSERT INTO member (id, incarnation, view)
           VALUES (?, ?, ?)
           ON CONFLICT (id)
           DO UPDATE SET incarnation = excluded.incarnation, view = excluded.view`,
        view.id,
        incarnation,
        JSON.stringify(view),
      );
    },
    putCard: (view: CardView): void =>
      ledger.run(
        `INSERT INTO card (token_hash, id, member, view)
           VALUES (?, ?, ?, ?)
           ON CONFLICT (id)
           DO UPDATE SET token_hash = excluded.token_hash, member = excluded.member, view = excluded.view`,
        view.tokenHash,
        view.id,
        view.member,
        JSON.stringify(view),
      ),
    /** The member and the incarnation in which the town's figures were heard. */
    member: (id: string): { view: MemberView; incarnation: number } | null => {
      const row = ledger.get<{ view: string; incarnation: number }>(
        'SELECT view, incarnation FROM member WHERE id = ?',
        id,
      );
      return row === undefined ? null : { view: JSON.parse(row.view) as MemberView, incarnation: row.incarnation };
    },
    cardByTokenHash: (tokenHash: string): CardView | null => {
      const row = ledger.get<{ view: string }>('SELECT view FROM card WHERE token_hash = ?', tokenHash);
      return row === undefined ? null : (JSON.parse(row.view) as CardView);
    },
    card: (id: string): CardView | null => {
      const row = ledger.get<{ view: string }>('SELECT view FROM card WHERE id = ?', id);
      return row === undefined ? null : (JSON.parse(row.view) as CardView);
    },
    /** Cards and members in whose view a text stands; who calls looks again at which field it stands in. */
    cardsWith: (text: string): CardView[] =>
      ledger
        .all<{ view: string }>('SELECT view FROM card WHERE instr(view, ?) > 0', text)
        .map((row) => JSON.parse(row.view) as CardView),
    cardsOf: (member: string): CardView[] =>
      ledger
        .all<{ view: string }>('SELECT view FROM card WHERE member = ?', member)
        .map((row) => JSON.parse(row.view) as CardView),
    membersWith: (texts: readonly string[]): MemberView[] =>
      ledger
        .all<{ view: string }>(
          `SELECT view FROM member
             WHERE EXISTS (SELECT 1 FROM json_each(?) AS word WHERE instr(view, word.value) > 0)`,
          JSON.stringify(texts),
        )
        .map((row) => JSON.parse(row.view) as MemberView),
    putPolicy: (version: number, document: SignedDocument): void => {
      policies = null;
      ledger.run(
        'INSERT INTO policy (version, bytes, signature) VALUES (?, ?, ?) ON CONFLICT (version) DO NOTHING',
        version,
        document.bytes,
        document.signature,
      );
    },
    /** Every version heard of, oldest first: sales keep the one that priced them. */
    policies: (): Policy[] => {
      policies ??= ledger
        .all<{ bytes: string }>('SELECT bytes FROM policy ORDER BY version')
        .map((row) => policySchema.parse(JSON.parse(row.bytes)));
      return policies;
    },
    putStatement: (incarnation: number, number: number, hash: string, document: SignedDocument): void =>
      ledger.run(
        `INSERT INTO statement (number, incarnation, hash, bytes, signature)
           VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (incarnation, number) DO NOTHING`,
        number,
        incarnation,
        hash,
        document.bytes,
        document.signature,
      ),
    statementHash: (incarnation: number, number: number): string | null =>
      ledger.get<{ hash: string }>(
        'SELECT hash FROM statement WHERE incarnation = ? AND number = ?',
        incarnation,
        number,
      )?.hash ?? null,
    lastStatement: (incarnation: number): { number: number; hash: string; bytes: string } | null =>
      ledger.get<{ number: number; hash: string; bytes: string }>(
        'SELECT number, hash, bytes FROM statement WHERE incarnation = ? ORDER BY number DESC LIMIT 1',
        incarnation,
      ) ?? null,
  };
}

export type Replicas = ReturnType<typeof createReplicas>;
