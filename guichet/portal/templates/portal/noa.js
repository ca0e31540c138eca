// <script src="…/noa/integrer.js" async></script> : le bouton de {{ name }} sur n’importe quel site de la Région.
(() => {
  const script = document.currentScript;
  if (!script) return;
  const { origin } = new URL(script.src);
  const bouton = document.createElement('button');
  bouton.type = 'button'; bouton.textContent = 'Demander à {{ name|escapejs }}'; bouton.setAttribute('aria-expanded', 'false');
  Object.assign(bouton.style, { position: 'fixed', right: '16px', bottom: '16px', zIndex: '2147483000', minHeight: '48px', padding: '0 20px', border: '2px solid #0b5563', borderRadius: '999px', background: '#ffffff', color: '#06323c', font: '700 16px/1.2 system-ui, sans-serif', cursor: 'pointer', boxShadow: '0 6px 24px rgba(6,50,60,.25)' });
  let cadre = null;
  const montrer = (ouvert) => { cadre.style.display = ouvert ? 'block' : 'none'; bouton.setAttribute('aria-expanded', String(ouvert)); if (!ouvert) bouton.focus(); };
  bouton.addEventListener('click', () => {
    if (!cadre) {
      cadre = document.createElement('iframe');
      cadre.src = `${origin}/noa/?cadre=1`; cadre.title = bouton.textContent;
      cadre.setAttribute('sandbox', 'allow-forms allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox');
      Object.assign(cadre.style, { position: 'fixed', right: '0', bottom: '0', zIndex: '2147483001', width: 'min(432px, 100vw)', height: 'min(768px, 100vh)', border: '0', borderRadius: '20px 20px 0 0', background: '#ffffff', boxShadow: '0 6px 32px rgba(6,50,60,.35)' });
      document.body.append(cadre);
    }
    montrer(cadre.style.display !== 'block' || bouton.getAttribute('aria-expanded') === 'false');
    cadre.focus();
  });
  window.addEventListener('message', (e) => { if (e.origin === origin && e.source === (cadre && cadre.contentWindow) && e.data && e.data.guichetNoa === 'fermer') montrer(false); });
  const poser = () => document.body.append(bouton);
  if (document.body) poser(); else document.addEventListener('DOMContentLoaded', poser);
})();
