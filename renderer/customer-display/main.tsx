import { createRoot } from 'react-dom/client';
import { useScreen } from '../parts/connection.ts';
import { CustomerPage } from './customer-page.tsx';

function App(): React.JSX.Element {
  return <CustomerPage screen={useScreen()} />;
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
