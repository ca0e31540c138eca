// Ce qui s’écrit est conservé sur le serveur toutes les 3 secondes, et à chaque frappe sur cet ordinateur : une panne,
// une session expirée ou un réseau coupé ne perdent rien. Ce que le serveur a reçu n’est plus gardé ici.
const PAS = 3000;
const heure = (quand) => new Intl.DateTimeFormat('fr', { hour: '2-digit', minute: '2-digit' }).format(quand);
const armoire = {
  lire: (cle) => { try { return JSON.parse(localStorage.getItem(cle)); } catch { return null; } },
  ranger: (cle, valeur) => { try { localStorage.setItem(cle, JSON.stringify(valeur)); } catch { /* pleine ou fermée : le serveur garde */ } },
  vider: (cle) => { try { localStorage.removeItem(cle); } catch { /* rien à vider */ } },
};
const parti = new URLSearchParams(location.search);
for (const formulaire of document.querySelectorAll('form[data-brouillon]')) {
  const zone = formulaire.elements.text;
  const etat = formulaire.querySelector('[data-etat]');
  const local = formulaire.querySelector('[data-local]');
  const nature = formulaire.dataset.nature;
  const cle = `guichet:${formulaire.dataset.qui}:${formulaire.dataset.brouillon}:${nature}`;
  const onglet = () => document.querySelector('.onglets input:checked')?.value ?? '';
  let garde = zone.value; let envoye = false; let encours = false;
  const dire = (texte) => { if (etat.textContent !== texte) etat.textContent = texte; };

  if (parti.has(nature === 'note' ? 'notee' : 'envoye')) armoire.vider(cle);
  const ancien = armoire.lire(cle);
  if (ancien?.texte && ancien.texte.trim() && ancien.texte !== zone.value) {
    const reprendre = () => { zone.value = ancien.texte; zone.dispatchEvent(new Event('input', { bubbles: true })); local.hidden = true; zone.focus(); };
    if (!zone.value.trim()) { reprendre(); dire(`Texte retrouvé sur cet ordinateur, écrit à ${heure(ancien.quand)}`); } else {
      const bouton = (mot, geste) => { const b = document.createElement('button'); b.type = 'button'; b.className = 'lien'; b.textContent = mot; b.addEventListener('click', geste); return b; };
      local.replaceChildren(`Un autre texte, écrit à ${heure(ancien.quand)}, est gardé sur cet ordinateur.`, bouton('Le reprendre', reprendre), bouton('L’écarter', () => { armoire.vider(cle); local.hidden = true; }));
      local.hidden = false;
    }
  } else if (ancien) armoire.vider(cle);

  const garder = async (derniere = false) => {
    if (envoye || encours || zone.value === garde) return;
    const texte = zone.value; encours = true;
    const corps = new URLSearchParams({ kind: nature, text: texte, onglet: onglet(), answers: formulaire.elements.answers?.value ?? '', csrfmiddlewaretoken: formulaire.elements.csrfmiddlewaretoken.value });
    try {
      const reponse = await fetch(formulaire.dataset.brouillon, { method: 'POST', body: corps, keepalive: derniere && texte.length < 15000, credentials: 'same-origin', redirect: 'manual' });
      if (reponse.type === 'opaqueredirect' || reponse.status === 403) {
        dire('Votre session a expiré. Votre texte est gardé sur cet ordinateur : reconnectez-vous, il sera là.');
      } else if (!reponse.ok) throw new Error(String(reponse.status));
      else {
        const { kept, pris } = await reponse.json();
        if (pris) dire(`${pris} a pris la main sur ce texte. Le vôtre est gardé sur cet ordinateur.`);
        else { garde = texte; if (zone.value === texte) armoire.vider(cle); dire(texte.trim() ? `Brouillon conservé à ${kept}` : ''); }
      }
    } catch { dire('Pas de connexion : votre texte est gardé sur cet ordinateur.'); }
    encours = false;
  };
  zone.addEventListener('input', () => { if (zone.value === garde) armoire.vider(cle); else armoire.ranger(cle, { texte: zone.value, quand: Date.now() }); });
  setInterval(garder, PAS);
  addEventListener('pagehide', () => garder(true));
  formulaire.addEventListener('submit', () => { envoye = true; armoire.ranger(cle, { texte: zone.value, quand: Date.now() }); });
}
// Les fichiers choisis sont nommés sous le texte : le champ natif n’est montré que sans script.
for (const champ of document.querySelectorAll('.joindre input[type=file]')) {
  const sortie = champ.form.querySelector('[data-fichiers]');
  champ.addEventListener('change', () => { sortie.textContent = champ.files.length ? `Joint : ${[...champ.files].map((f) => f.name).join(', ')}` : ''; });
}
// « Annuler l’envoi » disparaît quand le message est parti.
for (const bandeau of document.querySelectorAll('[data-annulable]')) {
  if (Number(bandeau.dataset.annulable) > 0) setTimeout(() => bandeau.remove(), Number(bandeau.dataset.annulable) * 1000);
}
