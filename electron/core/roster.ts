import { endsWithDigits, type CardView, type MemberView } from '../../shared/member.ts';
import type { FoundMember } from '../../shared/till-contract.ts';
import { memberReport } from './card-reports.ts';
import { initialsOf } from './pinyin.ts';
import type { Till } from './till.ts';

/** More than this nobody compares with the person in front of them: whoever asks has to say more. */
const FOUND_MAX = 30;

/**
 * Finds members among masks, for who has no card that a reader takes: by the last six digits of a card that is in the
 * hand, by the initials of village and name, or by the member's number (R-C5). No full name is known here.
 */
export function createRoster({ ledger, replicas }: Till) {
  const found = (view: MemberView, by: FoundMember['by'], card: CardView | null): FoundMember => ({
    member: view.id,
    card: card?.id ?? null,
    by,
    mask: view.mask,
    villageName: view.villageName,
    stars: view.stars,
    lastFour: card?.lastFour ?? '',
    report: memberReport(ledger, view.id),
  });

  const byDigits = (six: string): FoundMember[] =>
    [...replicas.cardsWith(`"lastSix":"${six}"`), ...replicas.cardsWith(`"lastFour":"${six.slice(2)}"`)]
      .filter((card, at, all) => all.findIndex((one) => one.id === card.id) === at)
      .filter((card) => card.state === 'active' && endsWithDigits(card, six))
      .flatMap((card) => {
        const member = replicas.member(card.member);
        return member?.view.state === 'active' ? [found(member.view, 'digits', card)] : [];
      });

  const activeCardOf = (member: string): CardView | null =>
    replicas.cardsOf(member).find((card) => card.state === 'active') ?? null;

  /** Every word begins a reading of the village or of the name, and one of them the name. */
  const byInitials = (words: readonly string[]): FoundMember[] => {
    const villages = new Map<string, string>();
    const begins = (initials: string, word: string): boolean =>
      initials.split(' ').some((reading) => reading.startsWith(word));
    return replicas.membersWith(words).flatMap((view) => {
      if (view.state !== 'active' || view.initials === undefined) return [];
      const { initials, villageName } = view;
      const village = villages.get(villageName) ?? initialsOf(villageName);
      villages.set(villageName, village);
      const isName = words.some((word) => begins(initials, word));
      const fits = isName && words.every((word) => begins(initials, word) || begins(village, word));
      return fits ? [found(view, 'name', activeCardOf(view.id))] : [];
    });
  };

  const byNumber = (number: string): FoundMember[] => {
    const member = replicas.member(number);
    return member?.view.state === 'active' ? [found(member.view, 'name', activeCardOf(number))] : [];
  };

  return {
    /** Members that a text may mean, ordered by village; none for a text that says too little. */
    find: (text: string): FoundMember[] => {
      const wanted = text.trim();
      const words = wanted.toUpperCase().split(/\s+/);
      const rows = /^\d{6}$/.test(wanted)
        ? byDigits(wanted)
        : words.every((word) => /^[A-Z]{1,12}$/.test(word)) && words.some((word) => word.length > 1)
          ? byInitials(words)
          : byNumber(wanted);
      return rows
        .toSorted((a, b) => (a.villageName === b.villageName ? 0 : a.villageName < b.villageName ? -1 : 1))
        .slice(0, FOUND_MAX);
    },
  };
}

export type Roster = ReturnType<typeof createRoster>;
