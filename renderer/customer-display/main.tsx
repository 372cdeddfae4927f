import { createRoot } from 'react-dom/client';
import { connect, useLink, useScreen } from '../parts/connection.ts';
import { CustomerPage } from './customer-page.tsx';

const core = connect();

function App(): React.JSX.Element {
  const screen = useScreen(core);
  const link = useLink(core);
  // An amount that may have changed meanwhile is worse than none.
  return <CustomerPage screen={link === 'lost' ? null : screen} />;
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
