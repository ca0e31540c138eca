// La zone de réponse : insérer un modèle ou un champ là où est le curseur, mettre en forme, envoyer par Ctrl Entrée.
const zone = document.getElementById('reponse-text');
const formulaire = document.getElementById('ecrire');
const remplacer = (debut, fin, texte, depuis = debut + texte.length, jusque = depuis) => {
  zone.focus();
  zone.setRangeText(texte, debut, fin, 'end');
  zone.setSelectionRange(depuis, jusque);
  zone.dispatchEvent(new Event('input', { bubbles: true }));
};
const ouvrirReponse = () => {
  const onglets = [...document.querySelectorAll('.onglets input:not(#onglet-note)')];
  if (onglets.length && !onglets.some((o) => o.checked)) { onglets[0].checked = true; onglets[0].dispatchEvent(new Event('change', { bubbles: true })); }
};
// Le premier champ resté vide, « {prénom} » : il bloque l’envoi, le curseur s’y place.
const montrerVide = (texte) => {
  const ici = zone.value.indexOf(texte);
  if (ici >= 0) { zone.focus(); zone.setSelectionRange(ici, ici + texte.length); }
};
const VIDE = /[{[][\p{L}_ ]{2,40}[}\]](?!\()/u;
if (zone && formulaire) {
  if (zone.dataset.vide) montrerVide(zone.dataset.vide);
  // Les réponses de la base arrivent après la page : on écoute le document, pas chaque bouton.
  document.addEventListener('click', (e) => {
    const bouton = e.target.closest?.('[data-insere]');
    if (!bouton || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault(); ouvrirReponse();
    const [a, b] = [zone.selectionStart, zone.selectionEnd];
    const avant = a && !zone.value.slice(0, a).endsWith('\n') ? '\n\n' : '';
    const { version, article } = bouton.dataset; const champs = formulaire.elements;
    if (article) champs.answers.value = [...new Set([...champs.answers.value.split(',').filter(Boolean), article])].join(',');
    else champs.template_version.value = version;
    remplacer(a, b, avant + bouton.dataset.insere);
    const vide = VIDE.exec(bouton.dataset.insere);
    if (vide) montrerVide(vide[0]);
  });
  for (const bouton of document.querySelectorAll('[data-insere-ici]')) {
    bouton.addEventListener('click', () => { bouton.closest('details').open = false; remplacer(zone.selectionStart, zone.selectionEnd, bouton.dataset.insereIci); });
  }
  const entourer = (marque) => {
    const [a, b] = [zone.selectionStart, zone.selectionEnd];
    remplacer(a, b, marque + zone.value.slice(a, b) + marque, a + marque.length, b + marque.length);
  };
  for (const bouton of document.querySelectorAll('[data-autour]')) bouton.addEventListener('click', () => entourer(bouton.dataset.autour));
  document.querySelector('[data-devant]')?.addEventListener('click', (e) => {
    const marque = e.currentTarget.dataset.devant;
    const a = zone.value.lastIndexOf('\n', zone.selectionStart - 1) + 1; const b = zone.selectionEnd;
    remplacer(a, b, zone.value.slice(a, b).split('\n').map((l) => (l.startsWith(marque) ? l : marque + l)).join('\n'));
  });
  document.querySelector('[data-lien]')?.addEventListener('click', () => {
    const [a, b] = [zone.selectionStart, zone.selectionEnd]; const texte = zone.value.slice(a, b) || 'texte du lien';
    remplacer(a, b, `[${texte}](https://)`, a + texte.length + 11);
  });
  zone.addEventListener('keydown', (e) => {
    if (!(e.ctrlKey || e.metaKey) || e.altKey || e.shiftKey) return;
    const marque = { b: '**', i: '*' }[e.key.toLowerCase()];
    if (marque) { e.preventDefault(); entourer(marque); }
  });
  document.addEventListener('keydown', (e) => {
    if (document.body.dataset.raccourcis !== 'oui' || e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, textarea, select, [contenteditable], dialog[open]')) return;
    const bouton = /^[1-9]$/.test(e.key) && document.querySelector(`[data-touche="${e.key}"]`);
    if (bouton) { e.preventDefault(); bouton.click(); }
  });
}
for (const ecrit of document.querySelectorAll('.redaction textarea')) {
  ecrit.addEventListener('keydown', (e) => {
    if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey) || e.isComposing) return;
    e.preventDefault();
    const bouton = [...ecrit.form.querySelectorAll('[data-envoyer]')].find((b) => b.offsetParent !== null);
    if (bouton) ecrit.form.requestSubmit(bouton);
  });
}
document.getElementById('avant-envoi')?.focus();
