// La conversation d’un agent : ce qui est dit arrive sans recharger, « … écrit » des deux côtés.
const tchat = document.querySelector('[data-tchat]');
if (tchat && tchat.dataset.etat !== 'ended') {
  const fil = tchat.querySelector('.tchat__fil'); const signe = tchat.querySelector('[data-signe]');
  const dernier = () => Number([...fil.querySelectorAll('[data-tour]')].at(-1)?.dataset.tour || 0);
  const bas = () => { fil.scrollTop = fil.scrollHeight; };
  let encours = false; let encore = false;
  const suite = async () => {
    if (encours) { encore = true; return; }
    encours = true;
    try {
      const reponse = await fetch(`${tchat.dataset.suite}?apres=${dernier()}`, { credentials: 'same-origin', headers: { Accept: 'application/json' } });
      if (!reponse.ok) return;
      const dit = await reponse.json(); const modele = document.createElement('template'); modele.innerHTML = dit.html;
      for (const b of modele.content.querySelectorAll('[data-tour]')) if (fil.querySelector(`[data-tour="${b.dataset.tour}"]`)) b.remove();
      if (modele.content.querySelector('[data-tour]')) { fil.append(modele.content); bas(); }
      const texte = dit.ecrit ? 'L’usager écrit…' : dit.absent ? 'L’usager n’a plus la page ouverte.' : '';
      if (signe.textContent !== texte) signe.textContent = texte;
      if (dit.etat !== tchat.dataset.etat) location.reload();
    } catch { /* au prochain signe */ } finally { encours = false; if (encore) { encore = false; suite(); } }
  };
  const flux = new EventSource(tchat.dataset.direct);
  flux.addEventListener('tour', suite);
  setInterval(() => { if (document.visibilityState === 'visible') suite(); }, 15000);
  const formulaire = tchat.querySelector('[data-dire]'); const champ = formulaire?.querySelector('textarea');
  const poster = (donnees) => fetch(tchat.dataset.faire, { method: 'POST', body: donnees, credentials: 'same-origin', headers: { 'X-Requested-With': 'noa' } });
  formulaire?.addEventListener('submit', async (e) => {
    e.preventDefault(); const texte = champ.value; if (!texte.trim()) return;
    const bouton = formulaire.querySelector('button'); bouton.disabled = true;
    try { const reponse = await poster(new FormData(formulaire)); if (!reponse.ok) throw new Error(String(reponse.status)); champ.value = ''; await suite(); } catch { signe.textContent = 'Le message n’est pas parti. Réessayez.'; } finally { bouton.disabled = false; champ.focus(); }
  });
  champ?.addEventListener('keydown', (e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); formulaire.requestSubmit(); } });
  let frappe = 0;
  champ?.addEventListener('input', () => { if (Date.now() - frappe < 3000) return; frappe = Date.now(); const d = new FormData(formulaire); d.set('faire', 'ecrit'); d.delete('texte'); poster(d).catch(() => {}); });
  bas();
}
