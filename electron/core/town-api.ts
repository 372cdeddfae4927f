import type { ContractRouterClient } from '@orpc/contract';
import type { TownContract } from '../../shared/town-contract.ts';

/** The town as the core calls it: the contract's client over whatever transport the host chose. A call that finds no town rejects. */
export type TownApi = ContractRouterClient<TownContract>;
