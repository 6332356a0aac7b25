// What only the browser knows: its theme, its time zone, and whether the page is seen.
const key = 'certctl-theme';

export function theme() {
  return localStorage.getItem(key);
}

export function keepTheme(value) {
  localStorage.setItem(key, value);
}

// Tells the page when it is hidden and when it is seen again.
export function watch(page) {
  const tell = () => page.invokeMethodAsync('SeenAsync', !document.hidden);
  document.addEventListener('visibilitychange', tell);
  return { seen: () => !document.hidden, stop: () => document.removeEventListener('visibilitychange', tell) };
}

export function copy(text) {
  return navigator.clipboard.writeText(text);
}

// A moment in the operator's zone. The server sends UTC, which stands in the title.
class LocalTime extends HTMLElement {
  static observedAttributes = ['datetime', 'time-only'];

  attributeChangedCallback() {
    const moment = new Date(this.getAttribute('datetime'));
    if (Number.isNaN(moment.getTime())) return;
    this.textContent = this.hasAttribute('time-only') ? moment.toLocaleTimeString() : moment.toLocaleString();
    this.title = moment.toISOString();
  }
}

if (!customElements.get('local-time')) customElements.define('local-time', LocalTime);
