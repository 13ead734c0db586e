import { render } from 'preact';

const place = document.getElementById('page');
if (place) render(<h1>Runs</h1>, place);
