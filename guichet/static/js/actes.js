// Le formulaire d’une action se lit quand on l’ouvre ; sans script, ou si le réseau manque, le lien mène à sa page.
const charger = async (bloc) => {
  const attente = bloc.querySelector(':scope > [data-acte], :scope > .menu__corps > [data-acte]');
  if (!attente) return;
  const lien = attente.querySelector('a'); const adresse = new URL(lien.href);
  adresse.searchParams.set('menu', '1');
  attente.hidden = true;
  try {
    const reponse = await fetch(adresse, { credentials: 'same-origin', redirect: 'error' });
    if (!reponse.ok) throw new Error(String(reponse.status));
    const modele = document.createElement('template'); modele.innerHTML = await reponse.text();
    attente.replaceWith(modele.content);
  } catch { attente.hidden = false; }
};
// Un bloc ouvert deux fois de suite n’est demandé qu’une fois.
const encours = new Map();
const pret = (bloc) => {
  if (!encours.has(bloc)) encours.set(bloc, charger(bloc).finally(() => encours.delete(bloc)));
  return encours.get(bloc);
};
for (const bloc of document.querySelectorAll('.cas__actions details')) {
  bloc.addEventListener('toggle', () => { if (bloc.open) pret(bloc); });
}
// Une touche ou la palette ouvre une action : son premier champ reçoit le foyer, puis `faire` s’il y a à faire.
document.addEventListener('guichet:acte', async ({ detail: { bloc, faire } }) => {
  for (let d = bloc; d; d = d.parentElement.closest('details')) d.open = true;
  bloc.querySelector('summary').focus();
  await pret(bloc);
  if (!bloc.open) return;
  (bloc.querySelector('select, textarea, input:not([type=hidden])') || bloc.querySelector('button, a'))?.focus();
  faire?.(bloc);
});
