// Stand-ins for Unit's components: each shows what it was given, and what it reads with its token.
(() => {
  'use strict';
  const look = new CSSStyleSheet();
  look.replaceSync(`
    :host { display: block; padding: 1.1rem; border: 1px dashed var(--edge, #767676); border-radius: 12px; }
    h3 { margin: 0 0 .6rem; font-size: 1rem; }
    p, ul, form { margin: 0 0 .7rem; }
    ul { padding: 0; list-style: none; }
    li { display: flex; justify-content: space-between; gap: 1rem; padding: .4rem 0; border-top: 1px solid var(--line, #ccc); }
    label { display: block; margin-bottom: .6rem; }
    input { display: block; box-sizing: border-box; width: 100%; min-height: 2.75rem; padding: .4rem .7rem; border: 1px solid var(--edge, #767676); border-radius: 8px; background: transparent; color: inherit; font: inherit; }
    button { min-height: 2.75rem; padding: .5rem 1.2rem; border: 1px solid var(--edge, #767676); border-radius: 10px; background: transparent; color: inherit; font: inherit; cursor: pointer; }
    :is(button, input, summary):focus-visible { outline: 3px solid var(--focus, #1a73e8); outline-offset: 2px; }
    summary { min-height: 1.5rem; cursor: pointer; }
    dl { margin: .6rem 0 0; font-size: .9rem; }
    dt { color: var(--soft, #595959); }
    dd { margin: 0 0 .4rem; overflow-wrap: anywhere; font-family: ui-monospace, monospace; }
  `);
  const make = (tag, text = '', ...children) => {
    const element = document.createElement(tag);
    element.textContent = text;
    element.append(...children);
    return element;
  };
  const dollars = (cents) => (cents / 100).toLocaleString('en-US', { style: 'currency', currency: 'USD' });

  class Pretend extends HTMLElement {
    static observedAttributes = ['customer-token'];

    connectedCallback() {
      if (!this.shadowRoot) this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [look];
      this.load();
    }

    attributeChangedCallback() {
      if (this.shadowRoot) this.load();
    }

    call(path, options = {}) {
      const card = this.getAttribute('card-id') ?? '';
      const headers = { ...options.headers, Authorization: `Bearer ${this.getAttribute('customer-token')}` };
      return fetch(`/emulator/components/${path}?card=${encodeURIComponent(card)}`, { ...options, headers });
    }

    tell(name, detail = {}) {
      this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
    }

    async load() {
      localStorage.setItem('unitCustomerToken', this.getAttribute('customer-token')); // as Unit's components do
      const answer = await this.call(this.localName);
      const body = await answer.json();
      this.tell('unitOnLoad', Promise.resolve(body));
      if (answer.status === 401) this.tell('unitUnauthorizedToken');
      const shown = answer.ok ? this.draw(body) : [make('p', `Unit refuses: ${body.errors?.[0]?.title ?? answer.status}`)];
      const children = [make('h3', `Pretend <${this.localName}>`), ...shown];
      if (answer.ok) children.push(this.given(body.granted));
      this.shadowRoot.replaceChildren(...children);
    }

    given(granted) {
      const list = make('dl');
      const add = (name, value) => list.append(make('dt', name), make('dd', value));
      for (const { name, value } of this.attributes) add(name, name === 'customer-token' ? `${value.slice(0, 14)}…` : value);
      add('scopes of the token', granted.scopes.join(' '));
      add('only for', Object.entries(granted.resources).map(([kind, ids]) => `${kind} ${ids.join(', ')}`).join('; ') || 'this customer');
      add('ends in', `${granted.seconds} seconds`);
      return make('details', '', make('summary', 'What it was given'), list);
    }
  }

  class Card extends Pretend {
    draw({ data, printed }) {
      const { last4Digits, expirationDate, status } = data.attributes;
      const shown = [make('p', `Card ending in ${last4Digits}, good thru ${expirationDate}: ${status}`)];
      if (printed && ['Inactive', 'ActiveForOnlineUse'].includes(status)) shown.push(this.activation(printed));
      return shown;
    }

    activation(printed) {
      const form = make('form', '', make('p', 'The pretend card has arrived. This is printed on it:'));
      for (const [name, text] of [['cvv2', 'Security code (CVV)'], ['expirationDate', 'Expiration date, YYYY-MM']]) {
        const input = make('input');
        Object.assign(input, { name, value: printed[name], autocomplete: 'off' });
        form.append(make('label', text, input));
      }
      const problem = make('p');
      problem.setAttribute('role', 'alert');
      form.append(problem, make('button', 'Activate'));
      form.addEventListener('submit', async (event) => {
        event.preventDefault();
        const csrf = document.querySelector('input[name=csrf_token]').value; // of the app that these pages are part of
        const answer = await this.call('activate', { method: 'POST', headers: { 'X-CSRFToken': csrf }, body: new URLSearchParams(new FormData(form)) });
        const body = await answer.json();
        if (answer.ok) this.tell('unitCardActivated', Promise.resolve(body));
        else problem.textContent = `The bank refuses: ${body.errors?.[0]?.detail ?? body.errors?.[0]?.title ?? answer.status}`;
      });
      return form;
    }
  }

  class MultipleCards extends Pretend {
    draw({ data }) {
      if (!data.length) return [make('p', 'No cards yet.')];
      return [make('ul', '', ...data.map((card) => {
        const button = make('button', `Card ending in ${card.attributes.last4Digits}`);
        button.type = 'button';
        button.addEventListener('click', () => this.tell('unitMultipleCardsCardClicked', Promise.resolve({ data: card })));
        return make('li', '', button, make('span', card.attributes.status));
      }))];
    }
  }

  class Activity extends Pretend {
    draw({ data }) {
      if (!data.length) return [make('p', 'No activity yet.')];
      return [make('ul', '', ...data.map(({ attributes: { summary, direction, amount } }) => (
        make('li', '', make('span', summary), make('span', dollars(direction === 'Debit' ? -amount : amount)))
      )))];
    }
  }

  customElements.define('unit-elements-card', Card);
  customElements.define('unit-elements-multiple-cards', MultipleCards);
  customElements.define('unit-elements-activity', Activity);
})();
