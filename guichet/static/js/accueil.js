// Ne montre que les champs utiles à ce qui est coché ; sans script, tous sont là.
const formulaire = document.querySelector('.told');
const montrer = () => {
  const qui = formulaire.querySelector('input[name=who]:checked')?.value;
  for (const bloc of formulaire.querySelectorAll('[data-si]')) bloc.hidden = bloc.dataset.si !== qui;
  for (const bloc of formulaire.querySelectorAll('[data-si-coche]')) bloc.hidden = !formulaire.elements[bloc.dataset.siCoche].checked;
  const organisme = formulaire.elements.organisation?.closest('.champ');
  if (organisme) organisme.hidden = formulaire.elements.kind.value === 'citizen';
};
if (formulaire) {
  formulaire.addEventListener('change', montrer);
  montrer();
  formulaire.querySelector('.champ__erreur')?.closest('.champ')?.querySelector('input, select, textarea')?.focus();
}
