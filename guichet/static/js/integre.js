// Inside another site: say how tall the page is, and nothing else.
if (window.parent !== window) {
  const tell = () => window.parent.postMessage({ guichetHeight: document.documentElement.offsetHeight }, '*');
  new ResizeObserver(tell).observe(document.documentElement);
  tell();
}
