// @ts-check
// The office's pages: day and night, and the printer. Everything else on them works without a script.
document.getElementById('theme')?.addEventListener('click', () => {
  const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
});
for (const button of document.querySelectorAll('[data-print]')) button.addEventListener('click', () => window.print());
