"""A crypto wallet in the browser: the demo's pretend one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import shortcuts
from .accessible import complaints
from .visitor import Visitor

pytestmark = pytest.mark.usefixtures("server")


def test_a_pretend_wallet_is_connected_signs_in_and_is_removed(visitor: Visitor) -> None:
    visitor.expected = {403, 422}
    shortcuts.become_customer(visitor)
    page = visitor.page
    page.goto("/account")
    visitor.press("Connect a wallet")
    expect(page.get_by_role("heading", name="Connect a crypto wallet")).to_be_visible()
    assert complaints(page) == []

    visitor.press("Solana wallet")
    expect(page.get_by_role("group").filter(has_text="Solana")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Use a crypto wallet").click()
    assert complaints(page) == []
    visitor.look("wallet")
    visitor.press("Ethereum wallet")
    expect(page.locator("[data-wallet-error]")).to_have_text(
        "There is no such wallet in this browser. Install one, or use another way."
    )
    visitor.press("Solana wallet")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    page.goto("/cards")
    expect(visitor.dialog).to_be_visible()


def test_an_ethereum_wallet_is_found_as_it_announces_itself_and_may_refuse(visitor: Visitor) -> None:
    page = visitor.page
    page.add_init_script("""addEventListener('eip6963:requestProvider', () => {
        const request = async ({ method }) => {
            if (method === 'eth_requestAccounts') return ['0x' + '12'.repeat(20)];
            throw new Error('refused');
        };
        dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: { provider: { request } } }));
    });""")
    page.goto("/wallets/sign-in")

    visitor.press("Ethereum wallet")

    expect(page.locator("[data-wallet-error]")).to_contain_text("The wallet did not sign.")
