// Errors get the focus; the fields of an organisation show only when they are asked for. Everything works without it.
document.querySelector('[data-focus]')?.focus();

const kinds = document.querySelectorAll('input[name="kind"]');
const update = () => {
  const chosen = [...kinds].find((radio) => radio.checked)?.value ?? '';
  for (const block of document.querySelectorAll('[data-kinds]')) {
    block.hidden = !block.dataset.kinds.split(' ').includes(chosen);
  }
  for (const group of document.querySelectorAll('[data-organisation]')) group.hidden = chosen === 'citizen';
};
if (kinds.length) {
  for (const radio of kinds) radio.addEventListener('change', update);
  update();
}
