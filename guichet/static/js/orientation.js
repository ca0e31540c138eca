// Maj+1, Maj+2, Maj+3 : choisir une proposition de sujet. La touche est lue par sa place : sur un clavier français, Maj
// donne le chiffre, ailleurs un signe. Tant qu’un sujet est à dire, elle passe avant les autres raccourcis à chiffres.
if (document.body.dataset.raccourcis === 'oui') {
  document.addEventListener('keydown', (e) => {
    if (!e.shiftKey || e.ctrlKey || e.metaKey || e.altKey || e.repeat) return;
    if (e.target.closest('input, textarea, select, [contenteditable], dialog[open]')) return;
    const chiffre = /^(?:Digit|Numpad)([123])$/.exec(e.code)?.[1];
    const choix = chiffre && document.querySelector(`[data-orientation="${chiffre}"]`);
    if (choix) { e.preventDefault(); e.stopImmediatePropagation(); choix.click(); }
  }, true);
}
