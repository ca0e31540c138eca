// Qui d’autre est sur cette demande : un battement dit ce que l’on fait et rapporte ce que font les autres. Un changement
// ailleurs s’entend par le flux, tout de suite.
const zone = document.querySelector('[data-presence]');
const dite = document.querySelector('[data-presence-dite]');
if (zone) {
  const BAT = Number(zone.dataset.bat) * 1000;
  const textes = [...document.querySelectorAll('.redaction textarea[name=text]')];
  const jeton = () => document.querySelector('input[name=csrfmiddlewaretoken]')?.value ?? '';
  let frappe = 0; let dit = ''; let vue = zone.innerHTML; let encours = false; let encore = false;
  const etat = () => {
    if (Date.now() - frappe < 8000) return 'types';
    return textes.some((t) => t.form?.id === 'ecrire' && t.value.trim()) ? 'unsent' : 'reads';
  };
  const annoncer = () => {
    const mots = [...zone.querySelectorAll('[data-dit]')].map((e) => e.dataset.dit).join(' ');
    if (dite.textContent !== mots) dite.textContent = mots;
  };
  const corps = (quoi) => new URLSearchParams({ etat: quoi, csrfmiddlewaretoken: jeton() });
  const battre = async () => {
    if (document.hidden) return;
    if (encours) { encore = true; return; }
    encours = true; dit = etat();
    try {
      const reponse = await fetch(zone.dataset.presence, { method: 'POST', body: corps(dit), credentials: 'same-origin', redirect: 'error' });
      if (reponse.ok) {
        const html = await reponse.text();
        // Rien ne change sous le doigt : ni un texte ouvert, ni un bouton qui a le foyer.
        if (html.replaceAll(/csrfmiddlewaretoken" value="[^"]*"/g, '') !== vue.replaceAll(/csrfmiddlewaretoken" value="[^"]*"/g, '') && !zone.contains(document.activeElement) && !zone.querySelector('details[open]')) {
          zone.innerHTML = html; vue = html; annoncer();
        }
      }
    } catch { /* le prochain battement le dira */ }
    encours = false;
    if (encore) { encore = false; battre(); }
  };
  for (const texte of textes) texte.addEventListener('input', () => { frappe = Date.now(); if (dit !== 'types') battre(); });
  setInterval(battre, BAT);
  setInterval(() => { if (dit && etat() !== dit) battre(); }, 2000);
  document.addEventListener('guichet:presence', () => setTimeout(battre, Math.random() * 150));
  document.addEventListener('visibilitychange', () => { if (!document.hidden) battre(); });
  addEventListener('pagehide', () => navigator.sendBeacon(zone.dataset.presence, corps('parti')));
  addEventListener('pageshow', (e) => { if (e.persisted) battre(); });
  annoncer(); battre();
}
