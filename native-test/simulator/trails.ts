import type { Wanted } from './options.ts';

/** Where a planted bug is looked for: what its worlds need to have in them, and the seed that showed it before. */
export type Trail = Readonly<{
  /** Stands in for what each seed would choose; planned faults and those of the network are added to the seed's own. */
  with?: Wanted;
  /** Tried before all others: a hunt that finds it there is over in a second, and one that does not goes on. */
  seed?: number;
}>;

/** By the name of the plant; one that has no trail is looked for in worlds as they come, from seed 1 on. */
export const TRAILS: Readonly<Record<string, Trail>> = {
  'acknowledge before commit': { with: { planned: { commitRefused: 6 } } },
  'go on with the handle after a failed write': { with: { planned: { commitRefused: 6 } } },
  'head kept after a commit that failed': { with: { planned: { commitRefused: 6 } } },
  'open sale lost at a crash': { with: { planned: { processLost: 8 } } },
  'refund on disk answered as undone': { with: { planned: { commitRefused: 20 } } },
  'copied folder taken for the original': { with: { planned: { folderCloned: 1 } } },
  'incarnation continued after the folder was set back': { with: { planned: { folderSetBack: 1 } } },
  'old statement turns time back': { with: { network: { answerLost: 400 }, planned: { clockYears: 3 } } },
  'allotment not bound to its term': { with: { planned: { folderSetBack: 1 } } },
  'cap of the day ignored': { with: { pointsCap: 60, villagers: 2 } },
  'refund above the original': { with: { customers: 16 } },
  'overspend not covered by a shortfall': { with: { planned: { folderSetBack: 1, tillLost: 1, termFreed: 2 } } },
  'freed term not closed': { with: { days: 3, tills: 2, termHours: 6, planned: { termFreed: 4, partition: 3 } } },
  'restored town goes on with its old numbers': { with: { days: 2, tills: 2, planned: { townSetBack: 1 } } },
};
