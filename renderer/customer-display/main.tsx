import { createRoot } from 'react-dom/client';
import { connect, useScreen } from '../parts/connection.ts';
import { CustomerPage } from './customer-page.tsx';

const core = connect();

function App(): React.JSX.Element {
  return <CustomerPage screen={useScreen(core)} />;
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
