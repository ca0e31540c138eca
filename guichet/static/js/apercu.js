// Les pièces jointes se regardent dans une fenêtre, sans quitter la demande ; sans script, ou si elle échoue, une page.
const fenetre = document.getElementById('apercu');
const contenu = fenetre?.querySelector('[data-contenu]');
let attendue = null; let origine = null;
const montrer = async (adresse) => {
  attendue = adresse;
  const page = new URL(adresse, location.href); page.searchParams.set('fenetre', '1');
  try {
    const reponse = await fetch(page, { credentials: 'same-origin', redirect: 'error' });
    if (!reponse.ok) throw new Error(String(reponse.status));
    const html = await reponse.text();
    if (attendue !== adresse) return;
    contenu.innerHTML = html;
    if (!fenetre.open) fenetre.showModal();
    contenu.querySelector('h2')?.setAttribute('tabindex', '-1');
    contenu.querySelector('h2')?.focus();
  } catch { location.assign(adresse); }
};
if (fenetre) {
  document.addEventListener('click', (e) => {
    const lien = e.target.closest('a[data-apercu]');
    if (!lien || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    e.preventDefault();
    if (!fenetre.open) origine = lien;
    montrer(lien.href);
  });
  fenetre.addEventListener('close', () => { attendue = null; contenu.replaceChildren(); origine?.focus(); origine = null; });
  fenetre.addEventListener('click', (e) => { if (e.target === fenetre) fenetre.close(); });
}
