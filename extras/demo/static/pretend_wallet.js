// A pretend Solana wallet, for who has none: its key comes from the emulator, and is the same at each visit.
(() => {
  'use strict';
  const DIGITS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'; // base58
  const seed = document.querySelector('[data-pretend-wallet]')?.dataset.pretendWallet;
  if (!seed || window.solana) return;

  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
  const base58 = (key) => {
    let number = key.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    let text = '';
    for (; number; number /= 58n) text = DIGITS[Number(number % 58n)] + text;
    return '1'.repeat(key.findIndex((byte) => byte)) + text;
  };
  const imported = crypto.subtle.importKey( // as PKCS #8, whose bytes before the key are always these
    'pkcs8', bytes(`302e020100300506032b657004220420${seed}`), 'Ed25519', true, ['sign'],
  );

  window.solana = {
    connect: async () => {
      const { x } = await crypto.subtle.exportKey('jwk', await imported);
      const key = Uint8Array.from(atob(x.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
      return { publicKey: base58(key) };
    },
    signMessage: async (message) => ({
      signature: new Uint8Array(await crypto.subtle.sign('Ed25519', await imported, message)),
    }),
  };
})();
