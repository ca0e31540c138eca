// Ce qui change ailleurs se voit ici sans recharger, et rien ne bouge sous le pointeur : les compteurs et les lignes
// changent sur place, ce qui est nouveau s’annonce par un lien. Sans flux, le bureau se rafraîchit chaque minute.
const poste = document.querySelector('[data-direct]');
const LENT = 60000; const PAUSE = 300; const LONGUE = 1500; const SOBRE = 5;
if (poste && poste.dataset.depuis) {
  let marque = poste.dataset.depuis; let flux = null; let dernier = 0; let prevu = null; let encours = false; let duree = 0;
  const changees = new Set(); const nouvelles = new Set(); let messages = 0; let autres = false;
  const ouverte = Number(poste.dataset.ouverte || 0);
  const lignes = () => [...document.querySelectorAll('.ligne[data-demande]')];

  const annoncer = (zone, texte) => {
    if (!zone) return;
    const lien = zone.querySelector('a') || zone.appendChild(document.createElement('a'));
    const dit = `${texte} · Afficher`;
    if (lien.textContent !== dit) lien.textContent = dit;
    lien.href = location.href.split('#')[0];
  };
  const direDemande = () => {
    if (!messages && !autres) return;
    annoncer(document.querySelector('[data-neuf-demande]'), messages > 1 ? `${messages} nouveaux messages` : messages ? '1 nouveau message' : 'Cette demande a changé');
  };

  const remplacer = (ligne, html) => {
    const modele = document.createElement('template'); modele.innerHTML = html;
    const neuve = modele.content.querySelector('.ligne');
    if (!neuve || neuve.innerHTML === ligne.dataset.vue) return;
    const focus = ligne.contains(document.activeElement); const surCase = document.activeElement?.matches?.('input'); const cochee = ligne.querySelector('input')?.checked;
    const courante = ligne.querySelector('a[aria-current]');
    ligne.dataset.vue = neuve.innerHTML;
    ligne.replaceChildren(...neuve.childNodes);
    if (courante) ligne.querySelector('a')?.setAttribute('aria-current', 'true'); else ligne.toggleAttribute('data-nonlu', neuve.hasAttribute('data-nonlu'));
    if (cochee) ligne.querySelector('input').checked = true;
    if (focus) ligne.querySelector(surCase ? 'input' : 'a')?.focus({ preventScroll: true });
  };
  const rafraichir = async () => {
    prevu = null;
    if (encours) { prevoir(); return; }
    encours = true; dernier = Date.now();
    const dites = [...changees].slice(0, 100); changees.clear();
    const page = new URLSearchParams(location.search);
    for (const [nom, valeur] of new URLSearchParams(poste.dataset.liste)) page.set(nom, valeur);
    page.delete('avant'); page.delete('envoye'); page.delete('modele');
    page.set('lignes', lignes().map((l) => l.dataset.demande).join(','));
    page.set('changees', dites.join(','));
    try {
      const reponse = await fetch(`${poste.dataset.etat}?${page}`, { credentials: 'same-origin', redirect: 'error', headers: { Accept: 'application/json' } });
      if (!reponse.ok) throw new Error(String(reponse.status));
      const etat = await reponse.json(); duree = Date.now() - dernier;
      for (const nb of document.querySelectorAll('[data-compteur]')) nb.textContent = String(etat.compteurs[nb.dataset.compteur] ?? 0);
      const liste = document.querySelector('[data-compteur-liste]');
      if (liste && etat.liste) liste.textContent = etat.liste;
      const cloche = document.querySelector('[data-cloche]');
      if (cloche && cloche.dataset.vue !== etat.cloche) { cloche.dataset.vue = etat.cloche; cloche.innerHTML = etat.cloche; }
      const parties = new Set(etat.parties);
      for (const ligne of lignes()) {
        const id = Number(ligne.dataset.demande);
        if (etat.lignes[id]) remplacer(ligne, etat.lignes[id]);
        ligne.toggleAttribute('data-partie', parties.has(id));
      }
      for (const id of etat.nouvelles) nouvelles.add(id);
      if (nouvelles.size) annoncer(document.querySelector('[data-neuf-liste]'), nouvelles.size > 1 ? `${nouvelles.size} nouvelles` : '1 nouvelle');
    } catch { for (const id of dites) changees.add(id); }
    encours = false;
  };
  // Tout de suite, puis pas plus d’une fois par pause : deux cents postes n’interrogent pas ensemble, et moins souvent
  // quand le serveur met plus longtemps à répondre.
  const prevoir = () => { prevu ??= setTimeout(rafraichir, Math.max(Math.random() * 120, dernier + Math.min(LONGUE, Math.max(PAUSE, SOBRE * duree)) - Date.now())); };

  const ouvrir = () => {
    if (flux || document.hidden) return;
    const adresse = new URL(poste.dataset.direct, location.href);
    adresse.searchParams.set('depuis', marque);
    if (ouverte) adresse.searchParams.set('demande', String(ouverte));
    flux = new EventSource(adresse, { withCredentials: adresse.origin !== location.origin });
    flux.addEventListener('changements', (e) => {
      if (e.lastEventId) marque = e.lastEventId;
      for (const { id, message = 0, change = 0 } of JSON.parse(e.data).demandes) {
        changees.add(id);
        if (id === ouverte) { messages += message; autres ||= change > 0; document.dispatchEvent(new CustomEvent('guichet:presence')); }
      }
      direDemande(); prevoir();
    });
    flux.addEventListener('presence', () => document.dispatchEvent(new CustomEvent('guichet:presence')));
    flux.addEventListener('reprendre', (e) => {
      if (e.lastEventId) marque = e.lastEventId;
      autres = Boolean(ouverte); direDemande(); prevoir();
    });
    flux.addEventListener('error', () => { if (flux?.readyState === EventSource.CLOSED) fermer(); });
  };
  const fermer = () => { flux?.close(); flux = null; };
  setInterval(() => { if (document.hidden || flux?.readyState === EventSource.OPEN) return; prevoir(); if (!flux) ouvrir(); }, LENT);
  let cache = null;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(cache);
    if (document.hidden) cache = setTimeout(fermer, 30000); else { ouvrir(); prevoir(); }
  });
  addEventListener('pagehide', fermer);
  addEventListener('pageshow', (e) => { if (e.persisted) { ouvrir(); prevoir(); } });
  ouvrir();
}
