import type { FoundItem } from '../../shared/till-contract.ts';
import { quantityText, yuan } from '../parts/format.ts';
import { core } from './core.ts';
import { useReading } from './reading.ts';

type Only = 'low' | 'unpriced' | 'expiring';

/** What stands where nothing was scanned yet: how it goes, and the goods that most likely want it. */
export function FirstStep({
  steps,
  list,
  pick,
  blind = false,
}: Readonly<{
  steps: readonly string[];
  list: Readonly<{ only: Only; title: string; none: string }>;
  pick: (found: FoundItem) => void;
  /** Leaves out what the books hold, where nobody may count towards it. */
  blind?: boolean;
}>): React.JSX.Element {
  const found = useReading(`first step ${list.only}`, () =>
    core.client().stock({ text: '', only: list.only, category: null, offset: 0, limit: 8 }),
  );
  const rows = found.value?.rows ?? [];
  return (
    <div className="first-step">
      <ol className="sheet">
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <div className="sheet">
        <h3>
          {list.title}
          {(found.value?.total ?? 0) > rows.length ? <span className="muted">，共 {found.value?.total} 种</span> : null}
        </h3>
        {found.value !== null && rows.length === 0 ? <p className="muted">{list.none}</p> : null}
        {rows.map(({ item, code, name, spec, unit, per, priceFen, stock }) => (
          <button
            key={item}
            type="button"
            onClick={() => pick({ item, code, name, spec, unit, per, priceFen, payFen: priceFen, stock })}
          >
            <span>
              {name} <span className="muted">{spec}</span>
            </span>
            <span className="number">{priceFen === null ? '未定价' : `${yuan(priceFen)} 元`}</span>
            {blind ? null : <span className="number muted">存 {quantityText(stock, per, unit)}</span>}
          </button>
        ))}
      </div>
    </div>
  );
}
