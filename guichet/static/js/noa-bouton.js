// Le bouton de Noa mène à sa page ; ici il l’ouvre à côté, sans quitter ce qu’on lisait.
const bouton = document.querySelector('[data-noa-bouton]');
if (bouton && window.innerWidth >= 768) {
  let cadre = null;
  const fermer = () => { if (!cadre) return; cadre.hidden = true; bouton.setAttribute('aria-expanded', 'false'); bouton.focus(); };
  bouton.setAttribute('aria-expanded', 'false'); bouton.setAttribute('role', 'button');
  bouton.addEventListener('keydown', (e) => { if (e.key === ' ') { e.preventDefault(); bouton.click(); } });
  bouton.addEventListener('click', (evenement) => {
    evenement.preventDefault();
    if (!cadre) {
      cadre = document.createElement('iframe'); cadre.className = 'noa-volet'; cadre.title = bouton.textContent.trim(); cadre.src = `${bouton.getAttribute('href')}?cadre=1`;
      bouton.after(cadre);
    } else cadre.hidden = false;
    bouton.setAttribute('aria-expanded', 'true'); cadre.focus();
  });
  window.addEventListener('message', (e) => { if (e.origin === location.origin && e.source === cadre?.contentWindow && e.data?.guichetNoa === 'fermer') fermer(); });
  document.addEventListener('keydown', (e) => { if (e.key === 'Escape' && cadre && !cadre.hidden) fermer(); });
}
