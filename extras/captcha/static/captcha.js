// Draws a CAPTCHA in each form that has a place for one, and a new one after each try: a token works once.
(() => {
  'use strict';
  const places = () => document.querySelectorAll('.captcha');
  const widgets = new WeakMap();
  const draw = () => {
    for (const place of places()) {
      const { api, script, siteKey } = place.dataset;
      if (!window[api]?.render) load(script);
      else if (!widgets.has(place)) {
        const size = place.parentElement.clientWidth < 304 ? 'compact' : 'normal';
        widgets.set(place, window[api].render(place, { sitekey: siteKey, size }));
      }
    }
  };

  let isLoading = false;
  const load = (script) => {
    if (isLoading) return;
    isLoading = true;
    const element = document.createElement('script');
    element.src = `${script}?render=explicit&onload=drawCaptchas`;
    element.onerror = () => { isLoading = false; };
    document.head.append(element);
  };

  window.drawCaptchas = draw;
  draw();
  document.addEventListener('htmx:after:swap', draw);
  document.addEventListener('htmx:finally:request', () => {
    for (const place of places()) if (widgets.has(place)) window[place.dataset.api].reset(widgets.get(place));
  });
})();
