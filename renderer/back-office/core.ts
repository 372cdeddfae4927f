import { connect } from '../parts/connection.ts';

/** This page's own line to the core. */
export const core = connect();
