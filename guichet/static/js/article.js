// Écrire un article : ce qui ne va pas est dit pendant la frappe ; on ne quitte pas sans avoir enregistré.
const formulaire = document.querySelector('[data-article]');
const panneau = document.querySelector('[data-aide]');
if (formulaire && panneau) {
  let attente = 0; let tour = 0; let change = false;
  const verifier = async () => {
    const moi = ++tour; const envoi = new FormData(formulaire);
    envoi.set('action', 'aide'); envoi.delete('picture');
    try {
      const reponse = await fetch(location.href, { method: 'POST', body: envoi, credentials: 'same-origin' });
      if (reponse.ok && moi === tour) panneau.innerHTML = await reponse.text();
    } catch { /* le réseau est parti : le bouton « Vérifier » reste */ }
  };
  formulaire.addEventListener('input', () => { change = true; clearTimeout(attente); attente = setTimeout(verifier, 900); });
  formulaire.addEventListener('submit', () => { change = false; });
  addEventListener('beforeunload', (e) => { if (change) e.preventDefault(); });
}
// Signaler une erreur : le passage choisi à la souris ou au clavier est repris.
let choisi = '';
const passage = document.querySelector('[data-passage]');
passage?.closest('details').addEventListener('toggle', (e) => {
  if (e.target.open && !passage.value) passage.value = choisi.slice(0, 500);
});
if (passage) document.addEventListener('selectionchange', () => {
  const texte = String(getSelection()).trim();
  if (texte && getSelection().anchorNode?.parentElement?.closest('.rendu')) choisi = texte;
});
