// Ctrl K : chercher ou agir. Les résultats sont ceux de la page de recherche ; les actions sont celles que la page montre.
const fenetre = document.getElementById('palette');
if (fenetre) {
  const champ = document.getElementById('palette-texte'); const liste = document.getElementById('palette-liste');
  const etat = fenetre.querySelector('[data-palette-etat]');
  const plat = (t) => t.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/\s+/g, ' ').trim();
  const texte = (e) => e.textContent.replace(/\s+/g, ' ').trim();
  let choix = []; let actif = 0; let tour = 0; let attente = null; let perime = false;

  const commandes = () => {
    const trouvees = [];
    const ajouter = (nom, faire) => { if (nom && !trouvees.some((c) => c.nom === nom)) trouvees.push({ nom, faire }); };
    const acte = (bloc, faire) => () => document.dispatchEvent(new CustomEvent('guichet:acte', { detail: { bloc, faire } }));
    const attribuer = document.getElementById('acte-attribuer');
    if (attribuer) ajouter("M'attribuer cette demande", acte(attribuer, () => {
      const choix = document.getElementById('attribuer-to');
      if (choix) { choix.value = fenetre.dataset.moi; choix.form.requestSubmit(); }
    }));
    for (const resume of document.querySelectorAll('.cas__actions details > summary')) {
      if (resume.hasAttribute('aria-label')) continue;
      ajouter(texte(resume), acte(resume.parentElement));
    }
    const zone = (onglet, id) => () => { const o = document.querySelector(onglet); if (o) o.checked = true; document.getElementById(id).focus(); };
    if (document.getElementById('reponse-text')) ajouter('Répondre', zone('.onglets input:not(#onglet-note)', 'reponse-text'));
    if (document.getElementById('note-text')) ajouter('Écrire une note', zone('#onglet-note', 'note-text'));
    for (const lien of document.querySelectorAll('.barre__nouvelle, .cas__actions a:not([data-acte] a)')) ajouter(texte(lien), () => lien.click());
    for (const lien of document.querySelectorAll('.barre__nav a, .files a, .barre__outils a')) {
      const nom = texte(lien.querySelector('.files__nom') || lien.querySelector('.sr') || lien);
      ajouter(`Aller à : ${nom}`, () => lien.click());
    }
    return trouvees;
  };
  const convient = (nom, mots) => mots.every((m) => plat(nom).includes(m));

  const montrer = (groupes) => {
    choix = []; liste.replaceChildren();
    for (const [titre, elements] of groupes) {
      if (!elements.length) continue;
      const groupe = document.createElement('div'); groupe.setAttribute('role', 'group');
      const tete = document.createElement('p'); tete.id = `palette-g${choix.length}`; tete.textContent = titre; tete.className = 'palette__titre';
      groupe.setAttribute('aria-labelledby', tete.id); groupe.append(tete);
      for (const element of elements) {
        const option = document.createElement('div'); option.setAttribute('role', 'option'); option.id = `palette-${choix.length}`;
        option.className = 'palette__choix'; option.textContent = element.nom;
        if (element.detail) { const d = document.createElement('small'); d.textContent = element.detail; option.append(d); }
        option.addEventListener('click', () => lancer(element));
        choix.push({ option, element }); groupe.append(option);
      }
      liste.append(groupe);
    }
    actif = 0; marquer();
  };
  const marquer = () => {
    for (const [n, { option }] of choix.entries()) option.setAttribute('aria-selected', String(n === actif));
    if (choix[actif]) { champ.setAttribute('aria-activedescendant', choix[actif].option.id); choix[actif].option.scrollIntoView({ block: 'nearest' }); } else champ.removeAttribute('aria-activedescendant');
  };
  const lancer = (element) => { fenetre.close(); element.faire(); };

  const chercher = async () => {
    clearTimeout(attente); perime = false;
    const ici = ++tour; const dit = champ.value.trim(); const seules = dit.startsWith('>');
    const mots = plat(seules ? dit.slice(1) : dit).split(' ').filter(Boolean);
    const actes = commandes().filter((c) => convient(c.nom, mots)).slice(0, seules || !mots.length ? 40 : 5);
    if (seules || mots.join('').length < 2) { montrer([['Actions', actes]]); etat.textContent = ''; return; }
    montrer([['Actions', actes]]);
    try {
      const reponse = await fetch(`${fenetre.dataset.recherche}?${new URLSearchParams({ q: dit, palette: '1' })}`, { credentials: 'same-origin' });
      if (!reponse.ok) throw new Error(String(reponse.status));
      const page = new DOMParser().parseFromString(await reponse.text(), 'text/html');
      if (ici !== tour) return;
      const groupes = [...page.querySelectorAll('[data-resultats] section')].map((s) => [texte(s.querySelector('[data-groupe]')),
        [...s.querySelectorAll('li')].slice(0, 8).map((li) => {
          const lien = li.querySelector('[data-resultat]'); const adresse = lien.getAttribute('href');
          return { nom: texte(lien), detail: texte(li.lastElementChild), faire: () => { location.href = adresse; } };
        })]);
      const tout = { nom: 'Voir tous les résultats, avec des filtres', faire: () => { location.href = `${fenetre.dataset.recherche}?${new URLSearchParams({ q: dit })}`; } };
      const n = groupes.reduce((somme, [, g]) => somme + g.length, 0);
      montrer([...groupes, ['Actions', actes], ['Recherche', [tout]]]);
      etat.textContent = n > 1 ? `${n} résultats` : n ? '1 résultat' : 'Rien ne correspond';
    } catch { if (ici === tour) etat.textContent = 'La recherche ne répond pas. Réessayez.'; }
  };
  const ouvrir = () => { if (!fenetre.open) { fenetre.showModal(); champ.select(); chercher(); } };
  champ.addEventListener('input', () => { clearTimeout(attente); tour += 1; perime = true; attente = setTimeout(chercher, 180); });
  champ.addEventListener('keydown', async (e) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault(); if (choix.length) { actif = (actif + (e.key === 'ArrowDown' ? 1 : choix.length - 1)) % choix.length; marquer(); }
    } else if (e.key === 'Enter') { e.preventDefault(); if (perime) await chercher(); if (choix[actif]) lancer(choix[actif].element); }
  });
  fenetre.addEventListener('click', (e) => { if (e.target === fenetre) fenetre.close(); });
  document.addEventListener('keydown', (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); e.stopImmediatePropagation(); ouvrir(); }
  }, true);
}
