// Ce qui s’écrit est conservé toutes les 5 secondes, et quand on quitte la page sans envoyer.
const PAS = 5000;
for (const formulaire of document.querySelectorAll('form[data-brouillon]')) {
  const zone = formulaire.elements.text;
  const etat = formulaire.querySelector('[data-etat]');
  let garde = zone.value; let envoye = false;
  const garder = async (derniere = false) => {
    if (envoye || zone.value === garde) return;
    const texte = zone.value;
    const corps = new URLSearchParams({ kind: formulaire.dataset.nature, text: texte, csrfmiddlewaretoken: formulaire.elements.csrfmiddlewaretoken.value });
    try {
      const reponse = await fetch(formulaire.dataset.brouillon, { method: 'POST', body: corps, keepalive: derniere && texte.length < 15000, credentials: 'same-origin', redirect: 'error' });
      if (!reponse.ok) throw new Error(String(reponse.status));
      garde = texte;
      etat.textContent = `Brouillon conservé à ${(await reponse.json()).kept}`;
    } catch { etat.textContent = 'Brouillon non conservé : vérifiez votre connexion avant de quitter la page.'; }
  };
  setInterval(garder, PAS);
  addEventListener('pagehide', () => garder(true));
  formulaire.addEventListener('submit', () => { envoye = true; });
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
