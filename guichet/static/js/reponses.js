// Les réponses de la base arrivent après la page de la demande, et se cherchent sans la quitter.
const zone = document.querySelector('[data-reponses]');
const charger = async (adresse) => {
  const url = new URL(adresse, location.href); url.searchParams.set('fragment', '1');
  const reponse = await fetch(url, { credentials: 'same-origin', redirect: 'error' });
  if (reponse.ok) zone.innerHTML = await reponse.text();
  return reponse.ok;
};
if (zone) {
  charger(zone.dataset.reponses).catch(() => { /* le lien reste : il mène à la même page */ });
  zone.addEventListener('submit', (e) => {
    e.preventDefault();
    const adresse = `${zone.dataset.reponses}?${new URLSearchParams(new FormData(e.target))}`;
    charger(adresse).then(() => zone.querySelector('input')?.focus()).catch(() => { location.href = adresse; });
  });
}
