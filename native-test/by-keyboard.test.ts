import { counterDay } from './counter-day.ts';

counterDay('keyboard');
