// Suggestions sous le champ de recherche : liste déroulante accessible (combobox). Sans script, le formulaire suffit.
for (const forme of document.querySelectorAll('form[data-recherche]')) {
  const champ = forme.querySelector('input[name="q"]');
  const liste = document.createElement('div'); const dit = document.createElement('p');
  liste.id = `${champ.id}-suggestions`; liste.className = 'suggestions'; liste.hidden = true;
  liste.setAttribute('role', 'listbox'); liste.setAttribute('aria-label', 'Réponses proposées');
  dit.className = 'sr'; dit.setAttribute('role', 'status');
  forme.append(liste, dit);
  for (const [nom, valeur] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': liste.id })) champ.setAttribute(nom, valeur);
  let choix = []; let actif = -1; let tour = 0; let attente = null;

  const fermer = () => { tour += 1; clearTimeout(attente); choix = []; actif = -1; liste.hidden = true; liste.replaceChildren(); champ.setAttribute('aria-expanded', 'false'); champ.removeAttribute('aria-activedescendant'); };
  const marquer = (n) => {
    actif = n;
    for (const [i, option] of choix.entries()) option.setAttribute('aria-selected', String(i === n));
    if (choix[n]) { champ.setAttribute('aria-activedescendant', choix[n].id); choix[n].scrollIntoView({ block: 'nearest' }); } else champ.removeAttribute('aria-activedescendant');
  };
  const montrer = (liens) => {
    liste.replaceChildren(); actif = -1;
    choix = liens.map((lien, n) => {
      const option = document.createElement('div');
      option.id = `${liste.id}-${n}`; option.setAttribute('role', 'option'); option.setAttribute('aria-selected', 'false');
      option.append(...lien.childNodes); option.dataset.vers = lien.getAttribute('href');
      option.addEventListener('mousedown', (e) => { e.preventDefault(); location.href = option.dataset.vers; });
      liste.append(option); return option;
    });
    liste.hidden = !choix.length; champ.setAttribute('aria-expanded', String(!liste.hidden)); champ.removeAttribute('aria-activedescendant');
    dit.textContent = choix.length > 1 ? `${choix.length} réponses proposées` : choix.length ? '1 réponse proposée' : '';
  };
  const chercher = async () => {
    const ici = ++tour; const texte = champ.value.trim();
    if (texte.length < 2) { fermer(); return; }
    try {
      const reponse = await fetch(`${forme.dataset.recherche}?${new URLSearchParams({ q: texte })}`, { headers: { 'HX-Request': 'true' }, credentials: 'same-origin' });
      if (!reponse.ok || ici !== tour) return;
      const page = new DOMParser().parseFromString(await reponse.text(), 'text/html');
      if (ici === tour) montrer([...page.querySelectorAll('li > a')]);
    } catch { /* le bouton Rechercher suffit */ }
  };
  champ.addEventListener('input', () => { clearTimeout(attente); tour += 1; attente = setTimeout(chercher, 200); });
  champ.addEventListener('keydown', (e) => {
    if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && choix.length) {
      e.preventDefault(); marquer(e.key === 'ArrowDown' ? (actif + 1) % choix.length : (actif <= 0 ? choix.length : actif) - 1);
    } else if (e.key === 'Enter' && choix[actif]) { e.preventDefault(); location.href = choix[actif].dataset.vers; } else if (e.key === 'Escape' && choix.length) { e.preventDefault(); fermer(); }
  });
  champ.addEventListener('blur', fermer);
}
