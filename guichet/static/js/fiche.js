// Fiche : l'avis se donne sans quitter la page, le lien se copie, la page s'imprime. Tout marche sans, sauf ces deux boutons.
const envoyer = async (e) => {
  const forme = e.target.closest('[data-avis] form');
  if (!forme) return;
  e.preventDefault();
  const donnees = new FormData(forme);
  if (e.submitter?.name) donnees.set(e.submitter.name, e.submitter.value);
  try {
    const reponse = await fetch(forme.action, { method: 'POST', body: donnees, headers: { 'HX-Request': 'true' }, credentials: 'same-origin' });
    const page = new DOMParser().parseFromString(await reponse.text(), 'text/html');
    const bloc = page.querySelector('[data-avis]') || page.querySelector('.alerte');
    if (!bloc) throw new Error(String(reponse.status));
    const ancien = forme.closest('[data-avis]');
    if (reponse.ok) { ancien.replaceWith(bloc); bloc.focus({ preventScroll: true }); } else ancien.prepend(bloc);
  } catch { forme.removeAttribute('data-avis'); HTMLFormElement.prototype.submit.call(forme); }
};
document.addEventListener('submit', envoyer);

const copier = document.querySelector('[data-copier]');
if (copier && navigator.clipboard) {
  copier.hidden = false;
  copier.addEventListener('click', async () => {
    const dit = document.querySelector('[data-copie]');
    try { await navigator.clipboard.writeText(copier.dataset.copier); dit.textContent = 'Lien copié.'; } catch { dit.textContent = copier.dataset.copier; }
  });
}
const imprimer = document.querySelector('[data-imprimer]');
if (imprimer) { imprimer.hidden = false; imprimer.addEventListener('click', () => window.print()); }
