// <script src="…/contact/integrer.js?sujet=transport_scolaire" async></script>
(() => {
  const script = document.currentScript;
  if (!script) return;
  const { origin, searchParams } = new URL(script.src);
  const page = new URL('/contact/', origin);
  page.searchParams.set('integre', '1');
  const sujet = script.dataset.sujet || searchParams.get('sujet');
  if (sujet) page.searchParams.set('sujet', sujet);
  const couleur = (script.dataset.couleur || searchParams.get('couleur') || '').replace('#', '');
  if (couleur) page.searchParams.set('couleur', couleur);
  const frame = document.createElement('iframe');
  frame.src = page.href;
  frame.title = script.dataset.titre || 'Écrire à la {{ region_name|escapejs }}';
  frame.setAttribute('sandbox', 'allow-forms allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox');
  frame.width = '100%';
  frame.height = '1200';
  frame.style.border = '0';
  window.addEventListener('message', (event) => {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    const height = Number(event.data && event.data.guichetHeight);
    if (height > 0 && height < 20000) frame.height = String(Math.ceil(height));
  });
  // Une page en remplace une autre dans le cadre : on la montre depuis son début.
  let loaded = false;
  frame.addEventListener('load', () => {
    if (loaded) frame.scrollIntoView({ block: 'start' });
    loaded = true;
  });
  script.after(frame);
})();
