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
  'acknowledge before commit': { with: { planned: { commitRefused: 6 } }, seed: 5 },
  'go on with the handle after a failed write': { with: { planned: { commitRefused: 6 } }, seed: 5 },
  'head kept after a commit that failed': { with: { planned: { commitRefused: 6 } }, seed: 4 },
  'open sale lost at a crash': { with: { planned: { processLost: 8 } }, seed: 2 },
  'refund on disk answered as undone': { with: { planned: { commitRefused: 20 } }, seed: 9 },
  'tender change on disk answered as undone': {
    with: { planned: { commitRefused: 20 }, hands: { changeTender: 300 } },
    seed: 2,
  },
  'exchanged again and again': { with: { hands: { exchange: 300 } }, seed: 1 },
  'second tender change from what was paid at first': { with: { hands: { changeTender: 300 } }, seed: 1 },
  'silence of the town taken for a refusal of a report': { with: { hands: { reportCard: 60 } }, seed: 7 },
  'restored town not told of cards again': {
    with: { planned: { townSetBack: 1 }, hands: { reportCard: 60 } },
    seed: 3,
  },
  'second card in the place of one': { with: { hands: { reportCard: 150 } }, seed: 2 },
  'points without the card': { with: { hands: { forgotten: 300 } }, seed: 4 },
  'anybody buys for the holder': { with: { hands: { bearer: 400 } }, seed: 1 },
  'copied folder taken for the original': { with: { planned: { folderCloned: 1 } }, seed: 4 },
  'incarnation continued after the folder was set back': { with: { planned: { folderSetBack: 1 } } },
  'old statement turns time back': { with: { network: { answerLost: 400 }, planned: { clockYears: 3 } }, seed: 57 },
  'allotment not bound to its term': { with: { planned: { folderSetBack: 1 } }, seed: 8 },
  'cap of the day ignored': { with: { pointsCap: 60, villagers: 2 }, seed: 3 },
  'refund above the original': { with: { customers: 16 }, seed: 2 },
  'overspend not covered by a shortfall': {
    with: {
      days: 4,
      tills: 2,
      termHours: 6,
      shutDays: 4,
      planned: { termFreed: 8, partition: 8, folderSetBack: 0, townSetBack: 0, machineSetBack: 0 },
    },
    seed: 5,
  },
  'freed term not closed': {
    with: { days: 3, tills: 2, termHours: 6, planned: { termFreed: 4, partition: 3 } },
    seed: 6,
  },
  'restored town goes on with its old numbers': { with: { days: 2, tills: 2, planned: { townSetBack: 1 } }, seed: 2 },
  'projection lags behind what is read': { seed: 2 },
  'clock mark lowered by unsigned time': { seed: 3 },
  'judged time is the wall clock': { seed: 3 },
  'recall gives what the till does not hold': { seed: 2 },
  'ended term still spends': { seed: 3 },
  'spending does not leave the term': { seed: 2 },
  'night resets what a term holds': { seed: 2 },
  'PIN limit ignored': { seed: 2 },
  'order of arrival decides what a day cost': { seed: 5 },
};
