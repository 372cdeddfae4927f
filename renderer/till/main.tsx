import { createRoot } from 'react-dom/client';
import { takeDeviceScans } from '../parts/device-scans.ts';
import { captureKeyboard, foresee } from '../parts/keyboard.ts';
import '../parts/tokens.css';
import './page.css';
import './controls.css';
import './dialog.css';
import './large.css';
import { App } from './app.tsx';
import { fetchTheRest } from './later.tsx';
import { connection } from './till.ts';

captureKeyboard();
foresee(connection.lookAhead);
takeDeviceScans(connection);
const page = document.getElementById('page');
if (page !== null) createRoot(page).render(<App />);
fetchTheRest();
