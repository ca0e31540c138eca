// Réponses proposées pendant que l'on écrit dans le formulaire unique. Sans script : un lien vers la recherche.
const place = document.querySelector('[data-reponses]');
if (place) {
  const objet = document.getElementById('id_subject'); const message = document.getElementById('id_message');
  const forme = message.form; const jeton = forme.querySelector('[name="csrfmiddlewaretoken"]').value;
  const ASSEZ = 40; let attente = null; let tour = 0; let de = ''; let lu = ''; let fini = false;

  const envoyer = (adresse, champs) => {
    const corps = new FormData();
    for (const [nom, valeur] of Object.entries({ csrfmiddlewaretoken: jeton, de, ...champs })) corps.append(nom, valeur);
    return fetch(adresse, { method: 'POST', body: corps, headers: { 'HX-Request': 'true' }, credentials: 'same-origin' });
  };
  const chercher = async () => {
    const texte = `${objet.value}\n${message.value}`.trim();
    if (fini || texte === lu || texte.length < ASSEZ || place.contains(document.activeElement)) return;
    lu = texte; const ici = ++tour;
    try {
      const reponse = await envoyer(place.dataset.reponses, { subject: objet.value, message: message.value });
      if (!reponse.ok || ici !== tour) return;
      const bloc = new DOMParser().parseFromString(await reponse.text(), 'text/html').querySelector('.reponses');
      if (!bloc) return;
      de = bloc.dataset.de;
      const ancien = place.querySelector('.reponses');
      if (ancien?.dataset.codes === bloc.dataset.codes) return; // rien de neuf : ce qui est déplié le reste
      place.replaceChildren(...(bloc.dataset.codes.trim() ? [bloc] : []));
    } catch { /* le formulaire suffit */ }
  };
  for (const champ of [objet, message]) {
    champ.addEventListener('input', () => { clearTimeout(attente); attente = setTimeout(chercher, 700); });
  }
  place.addEventListener('toggle', (e) => {
    const choisie = e.target.closest('[data-code]');
    if (choisie?.open && !choisie.dataset.vue) { choisie.dataset.vue = '1'; envoyer(place.dataset.suite, { code: choisie.dataset.code, fait: 'ouvert' }).catch(() => {}); }
  }, true);
  place.addEventListener('click', async (e) => {
    const bouton = e.target.closest('[data-suffit]');
    if (!bouton) return;
    bouton.disabled = true;
    try {
      const reponse = await envoyer(place.dataset.suite, { code: bouton.closest('[data-code]').dataset.code, fait: 'suffit' });
      const bloc = new DOMParser().parseFromString(await reponse.text(), 'text/html').querySelector('.alerte');
      if (!reponse.ok || !bloc) throw new Error(String(reponse.status));
      fini = true; place.replaceChildren(bloc); bloc.focus();
    } catch { bouton.disabled = false; }
  });
}
