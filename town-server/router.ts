import { implement } from '@orpc/server';
import { townContract } from '../shared/town-contract.ts';
import { endNotice, listNotices, writeNotice } from './board.ts';
import { claim, dropClaim, findSale, releaseClaim } from './claims.ts';
import {
  freeTerm,
  issueEnrolmentCode,
  issuePoints,
  listMembers,
  memberMovements,
  overview,
  publishPolicy,
  resolveBreak,
  setBearer,
  setCardState,
  settlement,
  type Sessions,
} from './console.ts';
import { movementsOf } from './card-movements.ts';
import { reportCard } from './card-reports.ts';
import { enrol } from './enrolment.ts';
import { exchange } from './exchange.ts';
import { takeIn } from './intake.ts';
import { changesSince } from './members.ts';
import { hello, policiesSince } from './hello.ts';
import { bringRecords, ownRecords } from './older.ts';
import { checkPin, setPin } from './pins.ts';
import { topUp } from './points.ts';
import { fetchStatement, settle } from './statement.ts';
import { unknownCaller, type TillRequest, type Town } from './town.ts';

/** What a handler knows of its request beside the input. */
export type RequestContext = Readonly<{ authorization?: string | undefined }>;

/** The whole contract, each name one call deep. */
export function townRouter(town: Town, sessions: Sessions) {
  const os = implement(townContract).$context<RequestContext>();
  return os.router({
    enrol: os.enrol.handler(({ input }) => enrol(town, input)),
    hello: os.hello.handler(({ input }) => hello(town, input)),
    upload: os.upload.handler(({ input }) => takeIn(town, input)),
    ownRecords: os.ownRecords.handler(({ input }) => ownRecords(town, input)),
    bringRecords: os.bringRecords.handler(({ input }) => bringRecords(town, input)),
    settle: os.settle.handler(({ input }) => settle(town, input)),
    statement: os.statement.handler(({ input }) => fetchStatement(town, input)),
    topUp: os.topUp.handler(({ input }) => topUp(town, input)),
    checkPin: os.checkPin.handler(({ input }) => checkPin(town, input)),
    reportCard: os.reportCard.handler(({ input }) => reportCard(town, input)),
    movements: os.movements.handler(({ input }) => movementsOf(town, input)),
    findSale: os.findSale.handler(({ input }) => findSale(town, input)),
    claim: os.claim.handler(({ input }) => claim(town, input)),
    releaseClaim: os.releaseClaim.handler(({ input }) => releaseClaim(town, input)),
    members: os.members.handler(async ({ input }) => {
      const unknown = await unknownCaller(town, input);
      if (unknown !== null) return unknown;
      return town.store.transact(['points'], async (transaction) => ({
        kind: 'ok',
        ...(await changesSince(town, transaction, input.since, input)),
      }));
    }),
    policies: os.policies.handler(({ input }) => policiesSince(town, input)),
    catalogue: os.catalogue.handler(({ input }) => catalogueSince(town, input)),
    exchange: os.exchange.handler(({ input }) => exchange(town, input.file)),

    signIn: os.signIn.handler(({ input }) => sessions.signIn(input.password)),
    overview: os.overview.handler(({ context }) => sessions.notSignedIn(context.authorization) ?? overview(town)),
    listMembers: os.listMembers.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? listMembers(town, input),
    ),
    memberMovements: os.memberMovements.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? memberMovements(town, input.member),
    ),
    issueLot: os.issueLot.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? issuePoints(town, input),
    ),
    setCardState: os.setCardState.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? setCardState(town, input),
    ),
    setPin: os.setPin.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? setPin(town, input),
    ),
    setBearer: os.setBearer.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? setBearer(town, input),
    ),
    freeTerm: os.freeTerm.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? freeTerm(town, input),
    ),
    resolveBreak: os.resolveBreak.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? resolveBreak(town, input),
    ),
    dropClaim: os.dropClaim.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? dropClaim(town, input),
    ),
    issueEnrolmentCode: os.issueEnrolmentCode.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? issueEnrolmentCode(town, input),
    ),
    publishPolicy: os.publishPolicy.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? publishPolicy(town, input.policy),
    ),
    board: os.board.handler(({ context }) => sessions.notSignedIn(context.authorization) ?? listNotices(town)),
    writeNotice: os.writeNotice.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? writeNotice(town, input),
    ),
    endNotice: os.endNotice.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? endNotice(town, input),
    ),
    settlement: os.settlement.handler(
      ({ input, context }) => sessions.notSignedIn(context.authorization) ?? settlement(town, input),
    ),
  });
}

type Since = TillRequest & Readonly<{ since: number }>;

async function catalogueSince(town: Town, request: Since) {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  return town.store.transact([], async (transaction) => {
    const rows = await transaction.list('item', { above: { version: request.since }, order: ['version'] });
    return {
      kind: 'ok' as const,
      version: rows.at(-1)?.version ?? request.since,
      items: rows.map((row) => row.value),
    };
  });
}
