// Cocher plusieurs demandes : Maj + clic pour une suite, X au clavier ; et suivre l’avancement d’un lot sans recharger.
const CASE = '.ligne input[name="demande"], input[data-lot-case]';
const cases = () => [...document.querySelectorAll(CASE)];
const barre = document.querySelector('[data-lot-barre]');
let dernier = null;
const compter = () => {
  if (!barre) return;
  const n = cases().filter((c) => c.checked).length;
  const [un, plusieurs] = (barre.dataset.lotMots ?? 'demande cochée|demandes cochées').split('|');
  barre.querySelector('[data-lot-nombre]').textContent = n > 1 ? `${n} ${plusieurs}` : n ? `1 ${un}` : '';
};
document.addEventListener('click', (e) => {
  const ici = e.target.closest?.(CASE);
  if (!ici) return;
  const toutes = cases();
  if (e.shiftKey && dernier && toutes.includes(dernier)) {
    const [a, b] = [toutes.indexOf(dernier), toutes.indexOf(ici)].sort((x, y) => x - y);
    for (const c of toutes.slice(a, b + 1)) c.checked = ici.checked;
  }
  dernier = ici; compter();
});
document.addEventListener('change', (e) => { if (e.target.matches?.(CASE)) compter(); });
document.addEventListener('keydown', (e) => {
  if (document.body.dataset.raccourcis !== 'oui' || e.key.toLowerCase() !== 'x' || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.target.closest('input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]')) return;
  const ligne = document.activeElement?.closest('.ligne') ?? document.querySelector('.ligne[data-choisi]');
  const ici = ligne?.querySelector('input[name="demande"]');
  if (ici) { e.preventDefault(); ici.checked = !ici.checked; dernier = ici; compter(); }
});
addEventListener('pageshow', compter);
// Entrée sur une case la coche, comme Espace : elle n’envoie pas le lot, qu’une touche de trop ouvrirait vide.
document.addEventListener('keydown', (e) => {
  if (e.key === 'Enter' && e.target.matches?.('input[type=checkbox][form="lot"], [data-lot-barre] input[type=checkbox]')) { e.preventDefault(); e.target.click(); }
});

const suivre = async () => {
  const zone = document.querySelector('[data-lot]');
  if (!zone || 'fini' in zone.dataset) return;
  try {
    const reponse = await fetch(location.href, { credentials: 'same-origin' });
    const page = new DOMParser().parseFromString(await reponse.text(), 'text/html');
    const neuve = page.querySelector('[data-lot]');
    if (!neuve) return;
    if ('fini' in neuve.dataset) { document.querySelector('main').replaceWith(page.querySelector('main')); return; }
    zone.querySelector('[role=status]').textContent = neuve.querySelector('[role=status]').textContent;
    const barreAvance = zone.querySelector('progress');
    if (barreAvance) barreAvance.value = neuve.querySelector('progress').value;
  } catch { /* le réseau est parti : on redemande */ }
  setTimeout(suivre, 1000);
};
if (document.querySelector('[data-lot]')) setTimeout(suivre, 1000);
