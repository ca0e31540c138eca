// Ne montre que ce qui sert : le cachet d'un courrier, qui demande pour un autre ; sans script, tout est là.
const formulaire = document.querySelector('[data-saisie]');
const choisi = (nom) => formulaire.querySelector(`input[name=${nom}]:checked`)?.value;
const montrer = () => {
  for (const bloc of formulaire.querySelectorAll('[data-si-canal]')) bloc.hidden = bloc.dataset.siCanal !== choisi('channel');
  for (const bloc of formulaire.querySelectorAll('[data-autre]')) bloc.hidden = choisi('basis') === 'self';
  for (const bloc of formulaire.querySelectorAll('[data-nouveau]')) bloc.hidden = Boolean(formulaire.elements.mandate?.value);
};
if (formulaire) {
  formulaire.addEventListener('change', montrer);
  montrer();
  formulaire.querySelector('.champ__erreur')?.closest('.champ')?.querySelector('input, select, textarea')?.focus();
}
